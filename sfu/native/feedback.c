/* Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1), compared with what was
 * sent: a browser sends 13 a second, so a large room brings thousands. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "internal.h"

#include "ingress.h"

#define FEEDBACK_HEADER 16
#define MAX_STATUSES 2000
#define MISSING 0x8000 /* in history.sizes: feedback has said that the packet did not come */
#define TICK 250       /* microseconds of a delta */
#define REFERENCE 64000
#define TRANSPORT_FEEDBACK 205 /* packet type, and feedback message type */
#define TRANSPORT_WIDE 15
#define TICKS_PER_SECOND 4000
#define TICKS_PER_REFERENCE 256
#define SMALL 1 /* the symbol of a packet that came, which is also the size of its delta in bytes */
#define LARGE 2
#define MAX_SMALL 0xFF
#define MAX_LARGE 0x7FFF
#define VECTOR 7 /* symbols of two bits in a chunk */

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

static int64_t ticks_of(const struct arrival *arrival) { return (int64_t)(arrival->at * TICKS_PER_SECOND); }

/* The deltas of all arrivals. Returns the size of all in bytes, 0 if one does not fit. */
static uint32_t read_deltas(const struct source *source, uint16_t *deltas, int64_t reference) {
    int64_t time = reference * TICKS_PER_REFERENCE;
    uint32_t index, size = 0;
    for (index = 0; index < source->arrival_count; index++) {
        int64_t now = ticks_of(&source->arrivals[index]), delta = now - time;
        if (delta < 0 || delta > MAX_LARGE) return 0;
        deltas[index] = (uint16_t)delta;
        size += delta > MAX_SMALL ? LARGE : SMALL;
        time = now;
    }
    return size;
}

static uint32_t symbol_of(uint16_t delta) { return delta > MAX_SMALL ? LARGE : SMALL; }

/* Packs statuses as sfu.rtcp.transport_feedback does: a run where it holds more than a vector would. */
static uint32_t write_chunks(const uint16_t *deltas, uint32_t count, uint8_t *at) {
    uint32_t position = 0, size = 0;
    while (position < count) {
        uint32_t symbol = symbol_of(deltas[position]), run = 1, left = count - position, index, chunk = 0;
        while (run < left && symbol_of(deltas[position + run]) == symbol) run++;
        /* Vectors of one bit are for packets that are missing: of those that came, a run holds as many. */
        if (run >= VECTOR || run == left) {
            put16(at + size, symbol << 13 | run);
            position += run;
        } else {
            for (index = 0; index < VECTOR; index++)
                chunk = chunk << 2 | (index < left ? symbol_of(deltas[position + index]) : 0);
            put16(at + size, 0xC000 | chunk);
            position += VECTOR;
        }
        size += 2;
    }
    return size;
}

static uint32_t write_values(const uint16_t *deltas, uint32_t count, uint8_t *at) {
    uint32_t index, size = 0;
    for (index = 0; index < count; index++) {
        if (symbol_of(deltas[index]) == LARGE) at[size++] = (uint8_t)(deltas[index] >> 8);
        at[size++] = (uint8_t)deltas[index];
    }
    return size;
}

/* Write the feedback on what a source's packets told since the last time, if they are those from number `first` on, with
 * none missing. Returns its size; 0, and nothing was changed, for all that is not so, or would not fit in `room`. */
uint32_t source_feedback(struct source *source, uint32_t sender_ssrc, uint32_t media_ssrc, uint16_t first,
                         uint8_t feedback_count, char *packet, uint32_t room) {
    uint16_t deltas[sizeof source->arrivals / sizeof *source->arrivals];
    uint8_t *at = (uint8_t *)packet;
    uint32_t count = source->arrival_count, index, size;
    int64_t reference;
    if (count == 0) return 0;
    for (index = 0; index < count; index++)
        if (source->arrivals[index].number != (uint16_t)(first + index)) return 0;
    reference = ticks_of(&source->arrivals[0]) / TICKS_PER_REFERENCE;
    size = read_deltas(source, deltas, reference);
    /* A chunk stands for one packet at least. */
    if (size == 0 || 4 + FEEDBACK_HEADER + 2 * count + size + 3 > room) return 0;
    put32(at + 4, sender_ssrc);
    put32(at + 8, media_ssrc);
    put16(at + 12, first);
    put16(at + 14, count);
    put32(at + 16, (uint32_t)reference << 8 | feedback_count);
    size = 4 + FEEDBACK_HEADER;
    size += write_chunks(deltas, count, at + size);
    size += write_values(deltas, count, at + size);
    while (size % 4) at[size++] = 0;
    at[0] = 0x80 | TRANSPORT_WIDE;
    at[1] = TRANSPORT_FEEDBACK;
    put16(at + 2, size / 4 - 1);
    source->arrival_count = 0;
    return size;
}
