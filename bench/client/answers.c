/* Transport-wide reports of all endpoints, in C: noted, written, encrypted and sent.
 *
 * The bytes are those that `feedback.py` would write: see Arrivals. libsrtp is pylibsrtp's own, handed over as a pointer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "arrivals.h"

enum {
    TICK = 250000,
    TICKS_PER_REFERENCE = 256,
    MOST_PACKETS = 400,  /* of one report; with those missing between them at most MOST_STATUSES */
    MOST_STATUSES = 2000,
    MISSING = 0, SMALL = 1, LARGE = 2,
    LONGEST_RUN = 0x1FFF,
    SENDER = 1,
    HEADER = 20,
    LONGEST = 2048,
};

typedef int (*protect_function)(void *srtp, void *packet, int *size);

struct answers {
    struct peer *peers;
    int64_t number;
    protect_function protect;
    /* What came of the last `send_reports`: endpoints that reported, and datagrams that could not be sent. */
    int64_t reported, failed;
};

void note_arrival(struct peer *peer, int64_t number, int64_t time)
{
    if (peer->size == peer->capacity) {
        int64_t more = peer->capacity ? 2 * peer->capacity : 32;
        struct arrival *larger = realloc(peer->arrivals, more * sizeof *larger);
        /* Telling the server less than what came would be a lie about it. */
        if (!larger)
            abort();
        peer->arrivals = larger;
        peer->capacity = more;
    }
    peer->arrivals[peer->size++] = (struct arrival){number, time};
}

void forget_arrivals(struct peer *peer)
{
    free(peer->arrivals);
    peer->arrivals = 0;
    peer->size = peer->capacity = 0;
}

/* How far a number is from the one that the next report begins with. */
static int64_t ahead(const struct peer *peer, int64_t number)
{
    return ((number - peer->next + 0x8000) & 0xFFFF) - 0x8000;
}

/* Sorts what came. What was reported as missing is let go; of a number that came twice the first time counts. */
static void put_in_order(struct peer *peer)
{
    struct arrival *all = peer->arrivals;
    int64_t kept = 0;
    for (int64_t i = 0; i < peer->size; i++) {
        struct arrival one = all[i];
        int64_t far = ahead(peer, one.number), at = kept;
        if (far < 0)
            continue;
        while (at > 0 && ahead(peer, all[at - 1].number) > far)
            at--;
        if (at > 0 && ahead(peer, all[at - 1].number) == far)
            continue;
        memmove(all + at + 1, all + at, (kept - at) * sizeof *all);
        all[at] = one;
        kept++;
    }
    peer->size = kept;
}

static uint8_t *put(uint8_t *to, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        *to++ = value >> (8 * i);
    return to;
}

/* As many statuses as a vector holds: 14 where no delta is large, else 7. */
static uint64_t vector(const uint8_t *statuses, int64_t left, int one_bit)
{
    int size = one_bit ? 14 : 7, width = one_bit ? 1 : 2;
    uint64_t chunk = 0;
    for (int i = 0; i < size; i++)
        chunk = chunk << width | (i < left ? statuses[i] : MISSING);
    return chunk | (one_bit ? 0x8000 : 0xC000);
}

static uint8_t *put_chunks(uint8_t *to, const uint8_t *statuses, int64_t left)
{
    while (left > 0) {
        int64_t run = 1, window = left < 14 ? left : 14;
        while (run < LONGEST_RUN && run < left && statuses[run] == statuses[0])
            run++;
        int one_bit = !memchr(statuses, LARGE, window);
        int64_t size = one_bit ? 14 : 7;
        if (run >= size || run == left) {
            to = put(to, (uint64_t)statuses[0] << 13 | run, 2);
            size = run;
        } else {
            to = put(to, vector(statuses, left, one_bit), 2);
        }
        statuses += size;
        left -= size;
    }
    return to;
}

/* The statuses of the first `number` that came and of those missing between them, and their deltas; how many. */
static int64_t look_at(const struct peer *peer, int64_t number, uint8_t *statuses, uint8_t **deltas)
{
    int64_t before = peer->arrivals[0].time / TICK / TICKS_PER_REFERENCE * TICKS_PER_REFERENCE, count = 0;
    for (int64_t i = 0; i < number; i++) {
        int64_t place = ahead(peer, peer->arrivals[i].number), time = peer->arrivals[i].time / TICK;
        int64_t delta = time - before;
        before = time;
        for (; count < place && count < MOST_STATUSES; count++)
            statuses[count] = MISSING;
        if (count == MOST_STATUSES)
            break;
        delta = delta < INT16_MIN ? INT16_MIN : delta > INT16_MAX ? INT16_MAX : delta;
        statuses[count] = delta >= 0 && delta <= 0xFF ? SMALL : LARGE;
        *deltas = put(*deltas, (uint64_t)delta, statuses[count++]);
    }
    return count;
}

/* Writes the next report on what came to `out`, of LONGEST bytes, and lets go of it; its size, 0 when nothing came. */
int64_t write_report(struct peer *peer, uint8_t *out)
{
    uint8_t statuses[MOST_STATUSES], deltas[2 * MOST_PACKETS], *end_of_deltas = deltas, *at = out;
    if (!peer->size)
        return 0;
    if (peer->next < 0)
        peer->next = peer->arrivals[0].number;
    put_in_order(peer);
    if (!peer->size)
        return 0;
    int64_t number = peer->size < MOST_PACKETS ? peer->size : MOST_PACKETS;
    int64_t count = look_at(peer, number, statuses, &end_of_deltas);
    at = put(at, 0x8FCD0000, 4);
    at = put(put(at, SENDER, 4), peer->ssrc, 4);
    at = put(put(at, peer->next, 2), count, 2);
    at = put(at, peer->arrivals[0].time / TICK / TICKS_PER_REFERENCE, 3);
    at = put(at, peer->counted++, 1);
    at = put_chunks(at, statuses, count);
    memcpy(at, deltas, end_of_deltas - deltas);
    at += end_of_deltas - deltas;
    while ((at - out) % 4)
        *at++ = 0;
    put(out + 2, (at - out) / 4 - 1, 2);
    peer->next = (peer->arrivals[number - 1].number + 1) & 0xFFFF;
    peer->size -= number;
    memmove(peer->arrivals, peer->arrivals + number, peer->size * sizeof *peer->arrivals);
    return at - out;
}

static void send_reports_of(struct answers *a, struct peer *peer)
{
    _Alignas(8) uint8_t out[LONGEST];
    int size = (int)write_report(peer, out);
    a->reported += size > 0;
    for (; size; size = (int)write_report(peer, out))
        if (a->protect(peer->srtp, out, &size) || send((int)peer->descriptor, out, size, MSG_DONTWAIT) != size)
            a->failed++;
}

/* The endpoints with number `part`, `part + step` and so on report on what came to them. */
void send_reports(struct answers *a, int64_t part, int64_t step)
{
    a->reported = a->failed = 0;
    for (int64_t i = part; i < a->number; i += step)
        if (a->peers[i].descriptor >= 0)
            send_reports_of(a, &a->peers[i]);
}
