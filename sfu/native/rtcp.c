/* RTCP that comes all the time: transport-wide feedback, and NACKs where packets get lost.
 *
 * A compound is taken in as a whole or left to Python as a whole: one that has anything else in it, or asks for a packet
 * that has to be looked for. The steps are those of sfu.forwarding.peer.
 */

#include <stddef.h>
#include <string.h>

#include "internal.h"

#include "ingress.h"
#include "rtcp.h"

#include "resend.h"

#define MAX_DATAGRAM 2048 /* as in sfu.srtp */
#define COMMON_HEADER 4
#define SHORTEST 12 /* as SHORTEST_DATAGRAM in sfu.transport.mux */
#define TRANSPORT_FEEDBACK 205
#define TRANSPORT_WIDE 15
#define NACK 1
#define SSRC_PAIR 8
#define NACK_ITEM 4
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* One packet of a compound; `body` follows its common header. */
struct part {
    const uint8_t *body;
    uint32_t size;
    uint8_t type;
    uint8_t format;
};

/* Whether a datagram is SRTCP (RFC 5761 section 4) of an SSRC that Python has let in. */
int reporter_expects(const struct reporter *reporter, const uint8_t *data, uint32_t size) {
    uint32_t ssrc, index;
    if (size < SHORTEST || data[0] < 128 || data[0] > 191 || data[1] < 192 || data[1] > 223) return 0;
    ssrc = get32(data + 4);
    for (index = 0; ssrc != 0 && index < COUNT(reporter->ssrcs); index++)
        if (reporter->ssrcs[index] == ssrc) return 1;
    return 0;
}

/* Parsing: 0 for whatever is malformed */

/* The packet at `at`, and then the place behind it (RFC 3550 section 6.4.1). */
static int read_part(const uint8_t *data, uint32_t size, uint32_t *at, struct part *part) {
    const uint8_t *header = data + *at;
    uint32_t end, padding;
    if (*at + COMMON_HEADER > size || header[0] >> 6 != 2) return 0;
    end = *at + COMMON_HEADER + 4 * get16(header + 2);
    if (end > size) return 0;
    part->type = header[1];
    part->format = header[0] & 0x1F;
    part->body = header + COMMON_HEADER;
    part->size = end - *at - COMMON_HEADER;
    *at = end;
    if (!(header[0] & 0x20)) return 1;
    padding = part->size ? part->body[part->size - 1] : 0;
    if (padding == 0 || padding % 4 || padding > part->size) return 0;
    part->size -= padding;
    return 1;
}

/* The first RESENDS_AT_ONCE numbers that a NACK names (RFC 4585 section 6.2.1). Returns how many it names in all. */
static uint32_t read_numbers(const struct part *nack, uint16_t *numbers) {
    uint32_t at, bit, count = 0;
    for (at = SSRC_PAIR; at + NACK_ITEM <= nack->size; at += NACK_ITEM) {
        uint32_t first = get16(nack->body + at), mask = get16(nack->body + at + 2);
        /* The number itself, and then one further on for each bit. */
        uint32_t named = mask << 1 | 1;
        for (bit = 0; bit <= 16; bit++) {
            if (!(named >> bit & 1)) continue;
            if (count < RESENDS_AT_ONCE) numbers[count] = (uint16_t)(first + bit);
            count++;
        }
    }
    return count;
}

/* NULL for an SSRC that is no slot's. */
static struct slot *slot_of(const struct reporter *reporter, const struct part *nack) {
    uint32_t ssrc = get32(nack->body + 4), index;
    for (index = 0; index < reporter->slot_count; index++)
        if (reporter->slots[index]->ssrc == ssrc) return reporter->slots[index];
    return NULL;
}

static uint32_t least(uint32_t one, uint32_t other) { return one < other ? one : other; }

static int can_answer(const struct reporter *reporter, const struct part *nack) {
    uint16_t numbers[RESENDS_AT_ONCE];
    const struct slot *slot;
    uint32_t count;
    if (nack->size < SSRC_PAIR) return 0;
    slot = slot_of(reporter, nack);
    if (slot == NULL) return 1;
    count = read_numbers(nack, numbers);
    return slot_can_resend(slot, numbers, least(count, RESENDS_AT_ONCE));
}

/* Whether there is nothing in a compound but what can be done here. */
static int is_usual(const struct reporter *reporter, const uint8_t *data, uint32_t size) {
    uint32_t at = 0;
    do {
        struct part part;
        if (!read_part(data, size, &at, &part) || part.type != TRANSPORT_FEEDBACK) return 0;
        if (part.format != TRANSPORT_WIDE && (part.format != NACK || !can_answer(reporter, &part))) return 0;
    } while (at < size);
    return 1;
}

/* Doing */

/* As sfu.congestion.delivery.DeliveryMeter.add. */
static void add(struct delivery *delivery, const struct feedback *feedback, double now) {
    double at, delay;
    delivery->received += feedback->received;
    delivery->octets += feedback->octets;
    delivery->lost += feedback->lost;
    if (feedback->received == 0) return;
    if (delivery->points == 0) {
        delivery->first_delay = feedback->first_delay;
        delivery->started = now;
    }
    delay = (int32_t)(feedback->first_delay - delivery->first_delay);
    delay = (delay + (double)feedback->delay_sum / feedback->received) / 1e6;
    at = now - delivery->started;
    delivery->points++;
    delivery->sum_at += at;
    delivery->sum_delay += delay;
    delivery->sum_at_at += at * at;
    delivery->sum_at_delay += at * delay;
}

static int take_feedback(struct reporter *reporter, const struct part *part, double now) {
    struct feedback feedback = {0};
    struct history *history = &reporter->egress->history;
    /* It cannot be about anything that was sent. */
    if (history->next == NULL) return 1;
    if (read_feedback((const char *)part->body, part->size, history, &feedback) != 0) return 0;
    add(&reporter->delivery, &feedback, now);
    return 1;
}

static void take_nack(struct path *path, struct reporter *reporter, const struct part *nack, uint32_t *left,
                      double now) {
    uint16_t numbers[RESENDS_AT_ONCE];
    struct slot *slot = slot_of(reporter, nack);
    uint32_t named, answered;
    if (slot == NULL) return;
    named = read_numbers(nack, numbers);
    answered = least(named, *left);
    *left -= answered;
    path_totals(path)->nacked += named;
    path_totals(path)->resent += slot_resend(path, slot, numbers, answered, now);
}

/* Take in a decrypted compound that came at `now` (seconds). 1 if it is done, 0, and nothing was changed, if it is
 * Python's. */
int reporter_take(struct path *path, struct reporter *reporter, const char *packet, uint32_t size, double now) {
    const uint8_t *data = (const uint8_t *)packet;
    uint32_t at = 0, left = RESENDS_AT_ONCE;
    if (size > MAX_DATAGRAM || !is_usual(reporter, data, size)) return 0;
    do {
        struct part part;
        read_part(data, size, &at, &part);
        if (part.format == NACK) {
            take_nack(path, reporter, &part, &left, now);
        } else if (!take_feedback(reporter, &part, now)) {
            /* What came before it counts, what follows does not. */
            path_totals(path)->malformed++;
            break;
        }
    } while (at < size);
    path_push(path);
    return 1;
}
