/* The flush of the packet path: what runs for each packet sent.
 *
 * Every participant's packets are written one after another into the buffer of messages.c, and encrypted there by libsrtp,
 * whose functions Python hands over.
 *
 * Participants wait in a queue, so that what goes to a thousand of them can be sent in parts, with packets read in
 * between. What is handed over meanwhile lines up behind what waits for the same participant, and goes out with it.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#include "messages.h"

#define MAX_PENDING 2048
#define MAX_TRAILER 144 /* SRTP_MAX_TRAILER_LEN */
#define MAX_PADDING 32 /* see sfu.forwarding.padding */
#define MIN_PADDED 500
#define FIRST_WORK_ROOM 1024
#define MOST_SORTED 32 /* as in sfu.forwarding.sending_order */
/* What things cost, in about the microseconds that were measured. */
#define PACKET_EFFORT 2
#define MESSAGE_EFFORT 4
#define FRAME_EFFORT 10

/* An outlet's packets for one participant. The plan is a copy: its slot may have another one before this is sent. */
struct work {
    struct plan plan;
    int32_t first_packet;
    int32_t next; /* of the same participant, or free as well */
};

struct path {
    protect_function protect;
    write_function write_frame;
    struct sender *sender;
    struct totals totals;
    uint32_t outlet_count, pending_count, work_room, effort;
    uint32_t now; /* microseconds: when something was sent last */
    int32_t free_pending, free_work;
    struct egress *first_waiting, *last_waiting;
    struct work *work;
    struct outlet *outlets[MAX_PENDING]; /* those with packets that were not handed over yet */
    struct pending pending[MAX_PENDING];
};

struct path *path_new(protect_function protect, send_function send, write_function write_frame, int segmentation) {
    struct path *path = calloc(1, sizeof *path);
    int32_t index;
    if (path == NULL) return NULL;
    path->sender = sender_new(send, segmentation, &path->totals);
    if (path->sender == NULL) {
        free(path);
        return NULL;
    }
    for (index = 0; index < MAX_PENDING; index++) path->pending[index].next = index + 1;
    path->pending[MAX_PENDING - 1].next = NONE;
    path->free_work = NONE;
    path->protect = protect;
    path->write_frame = write_frame;
    return path;
}

void path_free(struct path *path) {
    if (path == NULL) return;
    sender_free(path->sender);
    free(path->work);
    free(path);
}

struct totals *path_totals(struct path *path) { return &path->totals; }

/* Whether a packet fits, and so do all numbers that are to be written into it. */
static int is_sound(const struct canonical *canonical, uint32_t size) {
    return size >= HEADER_SIZE && size <= MAX_PACKET && canonical->picture_at + 2u <= size &&
           canonical->tl0_at + 1u <= size && canonical->transport_at + 2u <= size;
}

uint32_t path_room(const struct path *path) { return MAX_PENDING - path->pending_count; }

struct pending *path_reserve(struct path *path, struct outlet *outlet, uint32_t size) {
    int32_t index = path->free_pending;
    struct pending *pending;
    if (index == NONE) return NULL;
    pending = &path->pending[index];
    path->free_pending = pending->next;
    pending->size = size;
    pending->next = NONE;
    pending->users = 0;
    path->pending_count++;
    if (outlet->first_packet == NONE) {
        outlet->first_packet = index;
        path->outlets[path->outlet_count++] = outlet;
    } else {
        path->pending[outlet->last_packet].next = index;
    }
    outlet->last_packet = index;
    outlet->packets++;
    outlet->octets += size - HEADER_SIZE;
    path->totals.packets += outlet->plan_count;
    path->totals.octets += (uint64_t)(size - HEADER_SIZE) * outlet->plan_count;
    return pending;
}

/* Keep a packet for the next flush. 0 while there is no room for it; one that never fits is counted and dropped. */
int path_enqueue(struct path *path, struct outlet *outlet, const struct canonical *canonical, const char *data,
                 uint32_t size) {
    struct pending *pending;
    if (!is_sound(canonical, size)) {
        path->totals.send_failures++;
        return 1;
    }
    pending = path_reserve(path, outlet, size);
    if (pending == NULL) return 0;
    pending->canonical = *canonical;
    memcpy(pending->data, data, size);
    return 1;
}

/* Add padding up to `size` (RFC 3550 section 5.1). */
static void pad(struct pending *pending, uint32_t size) {
    uint32_t missing = size - pending->size;
    if (missing == 0) return;
    pending->data[0] |= 0x20;
    memset(pending->data + pending->size, 0, missing);
    pending->data[size - 1] = (uint8_t)missing;
    pending->size = size;
}

/* Pad an outlet's packets where that lets more of them go in one message: as sfu.forwarding.padding.level. */
static void pad_outlet(struct path *path, struct outlet *outlet) {
    int32_t at = outlet->first_packet;
    while (at != NONE) {
        uint32_t smallest = path->pending[at].size, largest = smallest;
        int32_t last = at, next;
        while ((next = path->pending[last].next) != NONE) {
            uint32_t size = path->pending[next].size;
            uint32_t least = size < smallest ? size : smallest, most = size > largest ? size : largest;
            if (most - least > MAX_PADDING || least < MIN_PADDED) break;
            smallest = least;
            largest = most;
            last = next;
        }
        /* The last may stay shorter: it closes the message. */
        for (; at != last; at = path->pending[at].next) pad(&path->pending[at], largest);
        at = path->pending[last].next;
    }
}

/* Writing */

void path_number(uint8_t *data, const struct canonical *canonical, const struct plan *plan) {
    put16(data + 2, canonical->sequence + plan->sequence_offset);
    put32(data + 4, canonical->timestamp + plan->timestamp_offset);
    put32(data + 8, plan->ssrc);
    if (canonical->picture_at)
        put16(data + canonical->picture_at,
              ((canonical->picture + plan->picture_offset) & canonical->picture_mask) | canonical->picture_flag);
    if (canonical->tl0_at) data[canonical->tl0_at] = (uint8_t)(canonical->tl0 + plan->tl0_offset);
}

/* Write and encrypt one packet. It is sent only if libsrtp has encrypted it: before, it is plain text. */
void path_write(struct path *path, const struct pending *pending, const struct plan *plan, uint32_t microseconds) {
    struct egress *egress = plan->egress;
    struct history *history = &egress->history;
    int numbered = pending->canonical.transport_at && history->next != NULL;
    int size = (int)pending->size;
    uint8_t *data;
    if (egress->srtp == NULL || (egress->fd < 0 && egress->stream == NULL)) return;
    data = sender_place(path->sender, pending->size + MAX_TRAILER);
    memcpy(data, pending->data, pending->size);
    if (!plan->complete) path_number(data, &pending->canonical, plan);
    if (numbered) put16(data + pending->canonical.transport_at, *history->next);
    if (path->protect(egress->srtp, data, &size) != 0 || size <= 0 || (uint32_t)size > pending->size + MAX_TRAILER) {
        path->totals.protect_failures++;
        return;
    }
    if (numbered) {
        uint32_t slot = (*history->next)++ & history->mask;
        history->times[slot] = microseconds;
        history->sizes[slot] = (uint16_t)size;
    }
    if (egress->fd >= 0) {
        path->effort += PACKET_EFFORT;
        if (sender_add(path->sender, egress, (uint32_t)size)) path->effort += MESSAGE_EFFORT;
    } else {
        path->effort += FRAME_EFFORT;
        path->write_frame(egress->stream, (const char *)data, size);
    }
}

/* Waiting */

/* A place for work, NONE without memory. */
static int32_t new_work(struct path *path) {
    int32_t index = path->free_work;
    if (index == NONE) {
        uint32_t room = path->work_room ? path->work_room * 2 : FIRST_WORK_ROOM, fresh;
        struct work *work = realloc(path->work, room * sizeof *work);
        if (work == NULL) return NONE;
        for (fresh = path->work_room; fresh < room; fresh++) work[fresh].next = (int32_t)fresh + 1;
        work[room - 1].next = NONE;
        index = (int32_t)path->work_room;
        path->work = work;
        path->work_room = room;
    }
    path->free_work = path->work[index].next;
    return index;
}

static void line_up(struct path *path, struct egress *egress) {
    egress->since = path->now;
    egress->before = path->last_waiting;
    egress->after = NULL;
    if (path->last_waiting != NULL)
        path->last_waiting->after = egress;
    else
        path->first_waiting = egress;
    path->last_waiting = egress;
}

static void step_out(struct path *path, struct egress *egress) {
    if (egress->before != NULL)
        egress->before->after = egress->after;
    else
        path->first_waiting = egress->after;
    if (egress->after != NULL)
        egress->after->before = egress->before;
    else
        path->last_waiting = egress->before;
    egress->before = egress->after = NULL;
}

static void release_packets(struct path *path, int32_t first) {
    int32_t last = first;
    path->pending_count--;
    while (path->pending[last].next != NONE) {
        last = path->pending[last].next;
        path->pending_count--;
    }
    path->pending[last].next = path->free_pending;
    path->free_pending = first;
}

/* Let go of all that a participant waits for, who waits no more. */
static void release_work(struct path *path, struct egress *egress) {
    while (egress->first_work != NONE) {
        int32_t index = egress->first_work;
        struct work *work = &path->work[index];
        egress->first_work = work->next;
        if (--path->pending[work->first_packet].users == 0) release_packets(path, work->first_packet);
        work->next = path->free_work;
        path->free_work = index;
    }
    step_out(path, egress);
}

/* Work for one participant while it is sorted. Of its stream: the largest packet, and its place among the streams. */
struct place {
    int32_t work;
    uint32_t ssrc, largest, stream;
};

static struct place place_of(const struct path *path, int32_t work, struct place *places, uint32_t count) {
    struct place place = {work, path->work[work].plan.ssrc, 0, count};
    int32_t packet;
    uint32_t index;
    for (packet = path->work[work].first_packet; packet != NONE; packet = path->pending[packet].next)
        if (path->pending[packet].size > place.largest) place.largest = path->pending[packet].size;
    for (index = 0; index < count; index++) {
        if (places[index].ssrc != place.ssrc) continue;
        place.stream = places[index].stream;
        if (places[index].largest < place.largest) places[index].largest = place.largest;
        place.largest = places[index].largest;
    }
    return place;
}

static int goes_before(const struct place *one, const struct place *other) {
    return one->largest > other->largest || (one->largest == other->largest && one->stream < other->stream);
}

/* Put what waits for one participant in the order of sfu.forwarding.sending_order. */
static void sort_work(struct path *path, struct egress *egress) {
    struct place places[MOST_SORTED], place;
    uint32_t count = 0, index;
    int32_t at, *next = &egress->first_work;
    for (at = egress->first_work; at != NONE; at = path->work[at].next) {
        if (count == MOST_SORTED) return;
        places[count] = place_of(path, at, places, count);
        count++;
    }
    for (at = 1; at < (int32_t)count; at++) {
        place = places[at];
        for (index = (uint32_t)at; index > 0 && goes_before(&place, &places[index - 1]); index--)
            places[index] = places[index - 1];
        places[index] = place;
    }
    for (index = 0; index < count; index++) {
        *next = egress->last_work = places[index].work;
        next = &path->work[egress->last_work].next;
    }
    *next = NONE;
}

/* Write all that waits for one participant. */
static void serve(struct path *path, struct egress *egress, uint32_t microseconds) {
    int32_t at, packet;
    if (path->work[egress->first_work].next != NONE) sort_work(path, egress);
    for (at = egress->first_work; at != NONE; at = path->work[at].next)
        for (packet = path->work[at].first_packet; packet != NONE; packet = path->pending[packet].next)
            path_write(path, &path->pending[packet], &path->work[at].plan, microseconds);
    release_work(path, egress);
}

/* Note an outlet's packets with each of its participants. */
static void assign(struct path *path, struct outlet *outlet) {
    int32_t first = outlet->first_packet;
    uint32_t number;
    outlet->first_packet = NONE;
    for (number = 0; number < outlet->plan_count; number++) {
        struct egress *egress = outlet->plans[number]->egress;
        int32_t index = new_work(path);
        if (index == NONE) {
            path->totals.send_failures++;
            continue;
        }
        path->work[index] = (struct work){*outlet->plans[number], first, NONE};
        path->pending[first].users++;
        if (egress->first_work == NONE) {
            egress->first_work = index;
            line_up(path, egress);
        } else {
            path->work[egress->last_work].next = index;
        }
        egress->last_work = index;
    }
    if (path->pending[first].users == 0) release_packets(path, first);
}

/* Whatever becomes of the outlets and their plans from now on: what was enqueued goes to those who are in them now. */
void path_hand_over(struct path *path) {
    uint32_t index;
    for (index = 0; index < path->outlet_count; index++) {
        pad_outlet(path, path->outlets[index]);
        assign(path, path->outlets[index]);
    }
    path->outlet_count = 0;
}

/* Send what was enqueued, all packets of one participant together, until that took `effort` (in about microseconds).
 * Returns for how many microseconds something has been waiting for somebody, 0 if nothing is. */
uint32_t path_flush(struct path *path, uint32_t microseconds, uint32_t effort) {
    uint32_t waited;
    path->now = microseconds;
    path_hand_over(path);
    path->effort = 0;
    while (path->first_waiting != NULL && path->effort < effort) {
        serve(path, path->first_waiting, microseconds);
        path->effort++;
    }
    sender_flush(path->sender);
    if (path->first_waiting == NULL) return 0;
    waited = microseconds - path->first_waiting->since;
    return waited > 0 ? waited : 1;
}

/* Send all that waits for one participant, nothing to one who is closed. The path knows no egress after that. */
void path_finish(struct path *path, struct egress *egress, uint32_t microseconds) {
    if (egress->first_work == NONE) return;
    serve(path, egress, microseconds);
    sender_flush(path->sender);
}

/* Send one packet now. */
void path_send(struct path *path, struct plan *plan, const struct canonical *canonical, const char *data,
               uint32_t size, uint32_t microseconds) {
    struct pending pending;
    if (!is_sound(canonical, size)) {
        path->totals.send_failures++;
        return;
    }
    pending.canonical = *canonical;
    pending.size = size;
    memcpy(pending.data, data, size);
    path_write(path, &pending, plan, microseconds);
    sender_flush(path->sender);
}

void path_push(struct path *path) {
    sender_flush(path->sender);
}
