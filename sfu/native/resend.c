/* Answers to NACKs: packets of the layer that fills a slot now, which are kept here, are sent again.
 *
 * Those of the layers before it, those that Python keeps, and those of codecs that are Python's, are Python's to send. The
 * steps are those of sfu.forwarding.slot.
 */

#include <stddef.h>
#include <string.h>

#include "internal.h"

#include "ingress.h"
#include "rtcp.h"

#include "resend.h"

#define NO_RTX 0xFF
#define RTX_HEADER 2
#define MARKER 0x80
#define MAX_AGE 0x8000
#define REPEAT_AFTER 20 /* milliseconds, as in sfu.forwarding.slot */
#define REMEMBERED (sizeof((struct slot *)0)->numbers / sizeof(uint16_t))

static const struct head *head_of(const struct slot *slot, const struct kept *kept) {
    return &slot->heads->heads[kept->codec - VP8][kept->has_level];
}

/* The place of a packet in its layer's ring. */
static const struct kept *ring_place(const struct slot *slot, uint16_t number) {
    const struct stream *stream = slot->stream;
    return &stream->kept[(uint16_t)(number - slot->plan->sequence_offset) & stream->kept_mask];
}

/* Whether a packet is there; NULL for one that nobody has any more. `of_python` is set if that may have it. */
static const struct kept *find(const struct slot *slot, uint16_t number, int *of_python) {
    uint16_t sequence = (uint16_t)(number - slot->plan->sequence_offset);
    uint32_t newest = slot->stream->next - 1, age = (uint16_t)(newest - sequence);
    const struct kept *kept = ring_place(slot, number);
    *of_python = 0;
    if (age >= MAX_AGE) return NULL;
    if (age > newest - slot->first) {
        *of_python = 1;
        return NULL;
    }
    if (kept->sequence != sequence) return NULL;
    if (kept->codec != CLOSED) return kept;
    *of_python = kept->elsewhere;
    return NULL;
}

/* A slot that cannot be sent to is Python's, and so is one on TCP: what is written to a stream comes to Python. */
static int is_usual(const struct slot *slot) {
    return slot->stream != NULL && slot->stream->codec != CLOSED && slot->plan->egress->srtp != NULL &&
           slot->plan->egress->fd >= 0;
}

int slot_can_resend(const struct slot *slot, const uint16_t *numbers, uint32_t count) {
    uint32_t index;
    if (count > slot->budget) count = slot->budget;
    if (count == 0) return 1;
    if (!is_usual(slot)) return 0;
    for (index = 0; index < count; index++) {
        int of_python;
        const struct kept *kept = find(slot, numbers[index], &of_python);
        if (of_python) return 0;
        if (kept == NULL) continue;
        if (head_of(slot, kept)->size == 0 || head_of(slot, kept)->size + kept->size + RTX_HEADER > MAX_PACKET) return 0;
    }
    return 1;
}

/* Whether the packet was sent again a moment ago: participants ask again faster than a busy server answers. */
static int was_resent(struct slot *slot, uint16_t number, uint16_t milliseconds) {
    uint32_t index = number % REMEMBERED;
    if (slot->numbers[index] == number && (uint16_t)(milliseconds - slot->times[index]) < REPEAT_AFTER) return 1;
    slot->numbers[index] = number;
    slot->times[index] = milliseconds;
    return 0;
}

/* Make a packet the RTX packet that carries it (RFC 4588 section 4): the original number goes before the payload. */
static void as_retransmission(struct pending *packet, struct slot *slot, uint32_t header, uint8_t payload_type) {
    uint8_t *data = packet->data;
    path_number(data, &packet->canonical, slot->plan);
    memmove(data + header + RTX_HEADER, data + header, packet->size - header);
    memcpy(data + header, data + 2, RTX_HEADER);
    packet->size += RTX_HEADER;
    data[1] = (uint8_t)((data[1] & MARKER) | payload_type);
    put16(data + 2, ++slot->rtx_sequence);
    put32(data + 8, slot->rtx_ssrc);
}

static void resend(struct path *path, struct slot *slot, const struct kept *kept, uint32_t microseconds) {
    const struct head *head = head_of(slot, kept);
    uint8_t payload_type = slot->heads->rtx_payload_types[kept->codec - VP8];
    struct pending packet;
    stream_write(kept, head, &packet);
    if (!slot->has_rtx || payload_type == NO_RTX) {
        path_write(path, &packet, slot->plan, microseconds);
    } else {
        struct plan complete = {.egress = slot->plan->egress, .complete = 1};
        as_retransmission(&packet, slot, head->size, payload_type);
        path_write(path, &packet, &complete, microseconds);
    }
}

uint32_t slot_resend(struct path *path, struct slot *slot, const uint16_t *numbers, uint32_t count, double now) {
    uint32_t index, sent = 0, microseconds = (uint32_t)(uint64_t)(now * 1e6);
    if (count > slot->budget) count = slot->budget;
    slot->budget -= count;
    for (index = 0; index < count; index++) {
        int of_python;
        const struct kept *kept = find(slot, numbers[index], &of_python);
        if (kept == NULL || was_resent(slot, numbers[index], (uint16_t)(uint64_t)(now * 1000))) continue;
        resend(path, slot, kept, microseconds);
        sent++;
    }
    return sent;
}
