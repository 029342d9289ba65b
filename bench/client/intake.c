/* What `intake.py` does with each batch of datagrams, in C: told apart, counted by their headers, samples picked.
 *
 * `compiled.py` compiles this when a load client starts and has the same struct. All numbers are 64 bits wide, and all
 * arrays are numpy's. Nothing is decided here that the Python code beside it does not decide in the same way.
 */
#include <stdint.h>
#include "arrivals.h"

enum { WORDS = 8, LENGTH = 7, SECONDS = 2, NANOSECONDS = 3, MOST_ELEMENTS = 6, HALF = 1 << 15, WRAP = 1 << 16 };

struct batch {
    /* What was read: see Datagrams. */
    const uint8_t *rows;
    const uint64_t *headers;
    const int64_t *controls;
    const int64_t *owners;
    int64_t row_bytes, count;
    /* Streams, sorted by owner and SSRC, and what is known of each: see Tally. */
    const int64_t *keys, *order;
    int64_t streams;
    int64_t *highest, *base, *received, *octets, *first_arrival;
    /* Which packets are decrypted, and who numbers them by which header extension: see Intake. */
    const uint8_t *always;
    int64_t offset, step;
    const int64_t *sequence_ids;
    struct peer *peers;
    int64_t endpoints;
    /* What is found. Gaps are stream, first, last; those that came late stream, number. */
    int64_t *others, *samples, *gaps, *late;
    int64_t n_others, n_samples, n_gaps, n_late, unknown;
};

static int64_t find(const struct batch *b, int64_t key)
{
    int64_t low = 0, high = b->streams;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (b->keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < b->streams && b->keys[low] == key ? b->order[low] : -1;
}

/* The value of a one-byte header extension of two bytes (RFC 8285 section 4.2); -1 when it is not there. */
static int64_t sequence_number(const uint8_t *row, int64_t size, int64_t id)
{
    if ((row[0] & 0x1F) != 0x10 || size < 16 || row[12] != 0xBE || row[13] != 0xDE)
        return -1;
    int64_t end = 16 + 4 * (row[14] << 8 | row[15]), at = 16;
    if (end > size)
        end = size;
    for (int element = 0; element < MOST_ELEMENTS && at + 3 <= end; element++) {
        if (row[at] == (id << 4 | 1))
            return row[at + 1] << 8 | row[at + 2];
        at += row[at] ? (row[at] & 0x0F) + 2 : 1;
    }
    return -1;
}

static void count_packet(struct batch *b, int64_t stream, int64_t sequence, int64_t size, int64_t arrival)
{
    if (b->base[stream] < 0) {
        /* A full turn above zero, so that what comes before the first packet is not negative. */
        b->base[stream] = sequence + WRAP;
        b->highest[stream] = sequence + WRAP - 1;
        b->first_arrival[stream] = arrival;
    }
    int64_t highest = b->highest[stream];
    int64_t extended = highest + (((sequence - highest + HALF) & 0xFFFF) - HALF);
    b->octets[stream] += size;
    if (extended <= highest) {
        b->late[2 * b->n_late] = stream;
        b->late[2 * b->n_late++ + 1] = extended;
        return;
    }
    if (extended > highest + 1) {
        int64_t *gap = b->gaps + 3 * b->n_gaps++;
        gap[0] = stream;
        gap[1] = highest + 1;
        gap[2] = extended - 1;
    }
    b->highest[stream] = extended;
    b->received[stream]++;
}

void take(struct batch *b)
{
    int64_t media = 0;
    b->n_others = b->n_samples = b->n_gaps = b->n_late = b->unknown = 0;
    for (int64_t i = 0; i < b->count; i++) {
        const uint8_t *row = b->rows + i * b->row_bytes;
        int64_t size = b->headers[WORDS * i + LENGTH] & 0xFFFFFFFF, owner = b->owners[i];
        if (row[0] < 128 || row[0] >= 192 || size < 12 || (row[1] >= 192 && row[1] <= 223)) {
            b->others[b->n_others++] = i;
            continue;
        }
        int64_t ssrc = (int64_t)row[8] << 24 | row[9] << 16 | row[10] << 8 | row[11];
        int64_t stream = find(b, owner << 32 | ssrc);
        if (stream < 0) {
            b->unknown++;
            continue;
        }
        int64_t sequence = row[2] << 8 | row[3];
        int64_t arrival = b->controls[WORDS * i + SECONDS] * 1000000000 + b->controls[WORDS * i + NANOSECONDS];
        count_packet(b, stream, sequence, size, arrival);
        if (owner < b->endpoints && b->sequence_ids[owner]) {
            int64_t number = sequence_number(row, size, b->sequence_ids[owner]);
            if (number >= 0)
                note_arrival(&b->peers[owner], number, arrival);
        }
        /* libsrtp at both ends takes a number below the first for one far ahead: see Intake. */
        int64_t base = b->base[stream];
        int early = b->highest[stream] - base < HALF && ((sequence - base) & 0xFFFF) >= HALF;
        if (b->always[stream] || early || media % b->step == b->offset) {
            b->samples[2 * b->n_samples] = i;
            b->samples[2 * b->n_samples++ + 1] = stream;
        }
        media++;
    }
}
