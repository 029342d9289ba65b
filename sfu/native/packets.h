/* The types and functions that Python sees of packets.c; cffi reads this file, too, so it holds nothing else.
 * All numbers are in the machine's order. "at" is an offset within a packet, 0 for nowhere. */

/* What the transport-wide numbers of one peer stand for: the arrays of sfu.congestion.send_history. */
struct history {
    uint32_t *next;
    uint32_t *times;
    uint16_t *sizes;
    uint32_t mask;
};

/* Where one participant's packets leave. `srtp` is libsrtp's session, NULL before there is one; `fd` is -1 without a
 * UDP path, and then `stream`, if not NULL, is what path_new's write_frame is told to write to. */
struct egress {
    void *srtp;
    int fd;
    uint32_t address_size;
    uint8_t address[28];
    void *stream;
    struct history history;
    /* Of the packet path: what waits to be written for this participant, since when (microseconds), and who waits before
     * and after it. */
    int32_t first_work;
    int32_t last_work;
    uint32_t since;
    struct egress *before;
    struct egress *after;
};

/* What one slot adds to a layer's numbers; everything wraps at the field's width. `complete` says that packets have
 * all numbers already, but for the transport-wide one. */
struct plan {
    struct egress *egress;
    uint32_t ssrc;
    uint32_t timestamp_offset;
    uint16_t sequence_offset;
    uint16_t picture_offset;
    uint8_t tl0_offset;
    uint8_t complete;
};

/* What stands before the payload in an outlet's packets of one codec: the RTP header with its extensions. Still open
 * are the marker and the audio level at `level_at`. `size` is 0 while nobody has said. */
struct head {
    uint8_t data[64];
    uint16_t size;
    uint16_t level_at;
    uint16_t transport_at;
};

/* Plans that get the same packets. `plans` belongs to Python. `packets` and `octets` (of payloads with their header
 * extensions) are what has been enqueued so far. `head` is that of the layer's codec. */
struct outlet {
    struct plan **plans;
    uint32_t plan_count;
    int32_t first_packet;
    int32_t last_packet;
    uint64_t packets;
    uint64_t octets;
    struct head head;
};

/* A packet of which a plan's numbers are left open, as sfu.forwarding.wire_format.Canonical. */
struct canonical {
    uint32_t timestamp;
    uint16_t sequence;
    uint16_t picture_at;
    uint16_t picture;
    uint16_t picture_mask;
    uint16_t picture_flag;
    uint16_t tl0_at;
    uint16_t transport_at;
    uint8_t tl0;
};

/* What a peer's feedback says, compared with what was sent; see read_feedback. */
struct feedback {
    uint32_t received;
    uint32_t octets;
    int32_t lost;
    int64_t delay_sum;
    uint32_t first_delay;
};

typedef int (*protect_function)(void *srtp, void *packet, int *size);
typedef int (*send_function)(int fd, void *messages, unsigned int count, int flags);
typedef void (*write_function)(void *stream, const char *packet, int size);

/* What was forwarded, once for each participant, and what failed: Python sets it back to zero. */
struct totals {
    uint64_t packets;
    uint64_t octets;
    uint32_t protect_failures;
    uint32_t send_failures;
};

struct path;

struct path *path_new(protect_function protect, send_function send, write_function write_frame, int segmentation);
void path_free(struct path *path);
int path_enqueue(struct path *path, struct outlet *outlet, const struct canonical *canonical, const char *data,
                 uint32_t size);
void path_hand_over(struct path *path);
uint32_t path_flush(struct path *path, uint32_t microseconds, uint32_t effort);
void path_finish(struct path *path, struct egress *egress, uint32_t microseconds);
void path_send(struct path *path, struct plan *plan, const struct canonical *canonical, const char *data,
               uint32_t size, uint32_t microseconds);
struct totals *path_totals(struct path *path);
int read_feedback(const char *body, uint32_t size, struct history *history, struct feedback *feedback);
