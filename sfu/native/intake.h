/* The types and functions that Python sees of intake.c; cffi reads this file, too. */

/* A datagram that Python has to look at. `status` is libsrtp's, if that refused to decrypt it. */
struct datagram {
    uint8_t *data;
    uint32_t size;
    uint8_t *address;
    uint32_t address_size;
    int status;
};

/* What is done: RTP packets, their bytes after decryption, and RTCP packets. Python sets it back to zero. */
struct received {
    uint64_t packets;
    uint64_t octets;
    uint64_t reports;
};

/* What intake_next found: a datagram as it came, one that is decrypted, RTP or RTCP, or one that libsrtp refused. */
enum { NOTHING, ENCRYPTED, DECRYPTED, DECRYPTED_RTCP, REFUSED };

struct intake;

struct intake *intake_new(struct path *path, protect_function unprotect, protect_function unprotect_rtcp);
void intake_free(struct intake *intake);
int intake_route(struct intake *intake, const char *address, uint32_t size, struct source *source,
                 struct reporter *reporter, void *srtp);
void intake_unroute(struct intake *intake, const char *address, uint32_t size);
int intake_read(struct intake *intake, int fd);
int intake_has_more(const struct intake *intake);
int intake_next(struct intake *intake, double now);
struct datagram *intake_datagram(struct intake *intake);
struct received *intake_received(struct intake *intake);
