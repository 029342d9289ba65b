/* The types and functions that Python sees of rtcp.c and resend.c; cffi reads this file, too. */

/* What all feedback of one participant said, as sfu.congestion.delivery.Sums. */
struct delivery {
    uint64_t received;
    uint64_t octets;
    int64_t lost;
    uint32_t points;
    uint32_t first_delay;
    double started;
    double sum_at;
    double sum_delay;
    double sum_at_at;
    double sum_at_delay;
};

/* What the packets of one wire format begin with, by codec (VP8, Opus) and by whether they tell their loudness, and the
 * payload types of their retransmissions: 255 for none. */
struct heads {
    struct head heads[2][2];
    uint8_t rtx_payload_types[2];
};

/* One slot, as far as it is known here to whom NACKs of it belong. `stream` is the layer that fills it, NULL for none:
 * its packets are the slot's under `plan` from the number `first` on, extended as the layer has it. What follows `first`
 * is as in sfu.forwarding.slot.Resends. */
struct slot {
    uint32_t ssrc;
    uint32_t rtx_ssrc;
    uint8_t has_rtx;
    struct heads *heads;
    struct stream *stream;
    struct plan *plan;
    uint32_t first;
    uint32_t budget;
    uint16_t rtx_sequence;
    uint16_t numbers[64];
    uint16_t times[64];
};

/* What one participant says of what it gets. `ssrcs` are those of RTCP that Python has let in, 0 for none; `slots`
 * belongs to Python. */
struct reporter {
    struct egress *egress;
    struct delivery delivery;
    struct slot **slots;
    uint32_t slot_count;
    uint32_t ssrcs[8];
};

int reporter_expects(const struct reporter *reporter, const uint8_t *data, uint32_t size);
int reporter_take(struct path *path, struct reporter *reporter, const char *data, uint32_t size, double now);
