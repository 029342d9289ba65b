/* What the C sources share among themselves: Python sees nothing of it. */

#include <stdint.h>

#include "packets.h"

#define MAX_PACKET 2304 /* the longest datagram that the node reads, and new header extensions */
#define HEADER_SIZE 12
#define NONE -1

enum { CLOSED, VP8, OPUS }; /* as in sfu.native.stream */

/* A packet that waits for the flush. */
struct pending {
    struct canonical canonical;
    uint32_t size;
    int32_t next;   /* of the same outlet, or free as well */
    uint32_t users; /* of the first packet of an outlet: participants who have not got them yet */
    uint8_t data[MAX_PACKET];
};

static inline uint32_t get16(const uint8_t *at) { return (uint32_t)at[0] << 8 | at[1]; }

static inline uint32_t get32(const uint8_t *at) { return get16(at) << 16 | get16(at + 2); }

static inline void put16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value);
}

/* A place for one more packet of an outlet, which counts as forwarded to all its plans; the caller writes canonical
 * and data. NULL while there is no room. */
struct pending *path_reserve(struct path *path, struct outlet *outlet, uint32_t size);

/* How many more packets path_reserve has room for. */
uint32_t path_room(const struct path *path);

/* Fill in all that a plan decides of a packet. */
void path_number(uint8_t *data, const struct canonical *canonical, const struct plan *plan);

/* Write a packet to one participant, ahead of all that waits for it; it leaves with path_push. */
void path_write(struct path *path, const struct pending *pending, const struct plan *plan, uint32_t microseconds);
void path_push(struct path *path);

struct kept;

/* A packet that was kept, as it was enqueued for an outlet of this head. */
void stream_write(const struct kept *kept, const struct head *head, struct pending *pending);
