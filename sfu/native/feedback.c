/* Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1), compared with what was
 * sent: a browser sends 13 a second, so a large room brings thousands. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "internal.h"

#define FEEDBACK_HEADER 16
#define MAX_STATUSES 2000
#define MISSING 0x8000 /* in history.sizes: feedback has said that the packet did not come */
#define TICK 250       /* microseconds of a delta */
#define REFERENCE 64000

/* The statuses of `count` packets. Returns the offset behind the chunks, 0 if they are cut off. */
static uint32_t read_chunks(const uint8_t *body, uint32_t size, uint8_t *symbols, uint32_t count) {
    uint32_t at = FEEDBACK_HEADER, known = 0;
    while (known < count) {
        uint32_t chunk, run, width, shift;
        if (at + 2 > size) return 0;
        chunk = get16(body + at);
        at += 2;
        if (!(chunk & 0x8000)) {
            for (run = chunk & 0x1FFF; run > 0 && known < count; run--) symbols[known++] = (uint8_t)(chunk >> 13);
            continue;
        }
        width = chunk & 0x4000 ? 2 : 1;
        for (shift = 14; shift >= width && known < count;) {
            shift -= width;
            symbols[known++] = (uint8_t)(chunk >> shift & ((1u << width) - 1));
        }
    }
    return at;
}

/* Whether all deltas are there: nothing of a feedback that is cut off shall count. */
static int has_deltas(const uint8_t *symbols, uint32_t count, uint32_t left) {
    uint32_t needed = 0, index;
    for (index = 0; index < count; index++) {
        if (symbols[index] == 3) return 0;
        needed += symbols[index];
    }
    return needed <= left;
}

static void note(struct history *history, uint32_t number, uint32_t arrival, int came, struct feedback *feedback) {
    uint16_t *sent = &history->sizes[number & history->mask];
    if (*sent == 0) return; /* known to have come */
    if (!came) {
        if (!(*sent & MISSING)) feedback->lost++;
        *sent |= MISSING;
        return;
    }
    if (*sent & MISSING) feedback->lost--;
    uint32_t delay = arrival - history->times[number & history->mask];
    if (feedback->received == 0) feedback->first_delay = delay;
    feedback->received++;
    feedback->octets += *sent & ~MISSING;
    feedback->delay_sum += (int32_t)(delay - feedback->first_delay);
    *sent = 0;
}

/* Read a feedback message after its common header (`body`) and add what it says to `feedback`: packets and octets that
 * came, packets that did not (less those that came after all), and their delays in microseconds: the first as it is,
 * by two clocks and modulo 2^32, and the sum of all relative to that. Packets that the history no longer holds, or that
 * were reported before, do not count. -1, and nothing is changed, for a malformed message. */
int read_feedback(const char *data, uint32_t size, struct history *history, struct feedback *feedback) {
    const uint8_t *body = (const uint8_t *)data;
    uint8_t symbols[MAX_STATUSES];
    uint32_t count, at, index, arrival, base, next;
    if (size < FEEDBACK_HEADER || history->next == NULL) return -1;
    count = get16(body + 10);
    if (count > MAX_STATUSES) return -1;
    at = read_chunks(body, size, symbols, count);
    if (at == 0 || !has_deltas(symbols, count, size - at)) return -1;
    next = *history->next;
    /* The number that ends in these 16 bits and is nearest to the newest. */
    base = next + (uint32_t)(int32_t)(int16_t)(uint16_t)(get16(body + 8) - next);
    arrival = (get16(body + 12) << 8 | body[14]) * REFERENCE;
    for (index = 0; index < count; index++) {
        uint32_t age = next - (base + index);
        if (symbols[index] == 1) arrival += body[at] * TICK;
        if (symbols[index] == 2) arrival += (uint32_t)(int32_t)(int16_t)get16(body + at) * TICK;
        at += symbols[index];
        if (age >= 1 && age <= history->mask + 1) note(history, base + index, arrival, symbols[index] != 0, feedback);
    }
    return 0;
}
