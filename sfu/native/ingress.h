/* The types and functions that Python sees of ingress.c; cffi reads this file, too. */

/* A packet that is kept for retransmission, as sfu.forwarding.media_packet.MediaPacket; `data` is its payload. Of one that
 * Python keeps instead, `elsewhere`, only the number is told. */
struct kept {
    uint8_t *data;
    uint32_t timestamp;
    uint16_t sequence;
    uint16_t size;
    uint16_t room;
    uint16_t picture;
    uint8_t tl0;
    uint8_t marker;
    uint8_t has_level;
    uint8_t level;
    uint8_t codec; /* CLOSED for none */
    uint8_t elsewhere;
};

/* The loudness that one packet told, at a time in seconds. */
struct level {
    double at;
    uint8_t value;
};

/* One layer while its packets follow each other. `codec` is CLOSED whenever Python has to look at the next packet: it
 * opens the stream again, which sets all up to `kept_mask`. What follows `passed` is about the `passed` packets that
 * have gone by since Python looked last, and the last of them. */
struct stream {
    int codec;
    uint32_t ssrc;
    uint8_t payload_type;
    uint8_t level_id; /* of the header extension that tells the loudness, 0 for none */
    uint32_t next;    /* the only sequence number that may pass, extended */
    uint32_t clock_rate;
    struct outlet **outlets;
    uint32_t outlet_count;
    struct kept *kept;
    uint32_t kept_mask;
    uint32_t passed;
    uint32_t packet_octets;
    uint32_t payload_octets;
    uint32_t timestamp;
    uint16_t picture;
    uint8_t tl0;
    double arrived;
    double jitter; /* in units of the RTP clock */
};

/* The arrival of the packet with this transport-wide sequence number, in seconds. */
struct arrival {
    double at;
    uint16_t number;
};

/* What one transport publishes. `sequence_id` is that of the transport-wide sequence number's header extension, 0 for
 * none; `arrivals` and `levels` are those that Python has not looked at yet. */
struct source {
    struct stream *streams[64];
    uint32_t stream_count;
    uint8_t sequence_id;
    uint32_t arrival_count;
    struct arrival arrivals[256];
    uint32_t level_count;
    struct level levels[64];
};

struct stream *stream_new(uint32_t kept);
void stream_free(struct stream *stream);
void stream_forget(struct stream *stream, uint16_t first, uint32_t packets);
int stream_keep(struct stream *stream, const struct kept *packet, const char *payload);
struct stream *source_expects(const struct source *source, const uint8_t *data, uint32_t size);
uint32_t source_feedback(struct source *source, uint32_t sender_ssrc, uint32_t media_ssrc, uint16_t first,
                         uint8_t feedback_count, char *packet, uint32_t room);
int source_take(struct path *path, struct source *source, const char *data, uint32_t size, double now);
