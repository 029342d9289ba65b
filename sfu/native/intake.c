/* Reading of the shared port: a batch of datagrams by one system call. Packets of open streams are decrypted and
 * forwarded (ingress.c), feedback and NACKs taken in (rtcp.c); all others come to Python one by one, in the order in
 * which they arrived.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "internal.h"

#include "ingress.h"
#include "rtcp.h"
#include "intake.h"
#include "resend.h"

#define BATCH 64 /* as in sfu.transport.mux */
#define MAX_DATAGRAM 2048 /* as in sfu.srtp */
#define BUCKETS 1024

/* Whose packets come from an address. */
struct route {
    struct route *next;
    struct source *source;
    struct reporter *reporter;
    void *srtp;
    uint32_t size;
    uint8_t address[sizeof(struct sockaddr_in6)];
};

struct intake {
    struct path *path;
    protect_function unprotect, unprotect_rtcp;
    struct datagram datagram;
    struct received received;
    uint32_t count, position;
    struct route *routes[BUCKETS];
    struct mmsghdr headers[BATCH];
    struct iovec parts[BATCH];
    struct sockaddr_in6 addresses[BATCH];
    uint8_t data[BATCH][MAX_DATAGRAM];
};

struct intake *intake_new(struct path *path, protect_function unprotect, protect_function unprotect_rtcp) {
    struct intake *intake = calloc(1, sizeof *intake);
    uint32_t index;
    if (intake == NULL) return NULL;
    intake->path = path;
    intake->unprotect = unprotect;
    intake->unprotect_rtcp = unprotect_rtcp;
    for (index = 0; index < BATCH; index++) {
        struct msghdr *header = &intake->headers[index].msg_hdr;
        intake->parts[index] = (struct iovec){intake->data[index], MAX_DATAGRAM};
        header->msg_iov = &intake->parts[index];
        header->msg_iovlen = 1;
        header->msg_name = &intake->addresses[index];
    }
    return intake;
}

void intake_free(struct intake *intake) {
    uint32_t index;
    if (intake == NULL) return;
    for (index = 0; index < BUCKETS; index++) {
        while (intake->routes[index] != NULL) {
            struct route *route = intake->routes[index];
            intake->routes[index] = route->next;
            free(route);
        }
    }
    free(intake);
}

struct datagram *intake_datagram(struct intake *intake) { return &intake->datagram; }

struct received *intake_received(struct intake *intake) { return &intake->received; }

/* Routes */

/* Where the route for an address is, or where it would be. Ports differ most, then the last bytes of an address. */
static struct route **find(struct intake *intake, const void *address, uint32_t size) {
    const uint8_t *bytes = address;
    uint32_t hash = 2166136261u, index;
    struct route **at;
    for (index = 2; index < size; index++) hash = (hash ^ bytes[index]) * 16777619u;
    for (at = &intake->routes[hash % BUCKETS]; *at != NULL; at = &(*at)->next)
        if ((*at)->size == size && memcmp((*at)->address, address, size) == 0) break;
    return at;
}

/* Packets from this address are the source's, RTCP is the reporter's, and `srtp` decrypts both. 0 without memory: they are
 * Python's then. */
int intake_route(struct intake *intake, const char *address, uint32_t size, struct source *source,
                 struct reporter *reporter, void *srtp) {
    struct route **at, *route;
    if (size > sizeof route->address) return 0;
    at = find(intake, address, size);
    if (*at == NULL) {
        route = calloc(1, sizeof *route);
        if (route == NULL) return 0;
        memcpy(route->address, address, size);
        route->size = size;
        *at = route;
    }
    (*at)->source = source;
    (*at)->reporter = reporter;
    (*at)->srtp = srtp;
    return 1;
}

void intake_unroute(struct intake *intake, const char *address, uint32_t size) {
    struct route **at = find(intake, address, size), *route = *at;
    if (route == NULL) return;
    *at = route->next;
    free(route);
}

/* Reading */

/* Read a batch, unless there is something left of the one before. -1, and errno, if that failed. */
int intake_read(struct intake *intake, int fd) {
    uint32_t index;
    int count;
    if (intake->position < intake->count) return 0;
    for (index = 0; index < BATCH; index++) intake->headers[index].msg_hdr.msg_namelen = sizeof intake->addresses[0];
    count = recvmmsg(fd, intake->headers, BATCH, MSG_DONTWAIT, NULL);
    intake->position = 0;
    intake->count = count > 0 ? (uint32_t)count : 0;
    return count < 0 && errno != EAGAIN && errno != EINTR ? -1 : 0;
}

/* Whether this is SRTP, not SRTCP or anything else (RFC 7983, RFC 5761 section 4). */
static int is_srtp(const uint8_t *data, uint32_t size) {
    return size >= HEADER_SIZE && data[0] > 127 && data[0] < 192 && (data[1] < 192 || data[1] > 223);
}

/* Decrypt a datagram. Whether libsrtp did. */
static int decrypt(protect_function unprotect, void *srtp, struct datagram *datagram) {
    int size = (int)datagram->size;
    datagram->status = unprotect(srtp, datagram->data, &size);
    if (datagram->status != 0 || size < 0) return 0;
    datagram->size = (uint32_t)size;
    return 1;
}

static int handle_rtp(struct intake *intake, const struct route *route, struct datagram *datagram, double now) {
    if (source_expects(route->source, datagram->data, datagram->size) == NULL) return ENCRYPTED;
    if (!decrypt(intake->unprotect, route->srtp, datagram) || datagram->size < HEADER_SIZE) return REFUSED;
    if (!source_take(intake->path, route->source, (const char *)datagram->data, datagram->size, now)) return DECRYPTED;
    intake->received.packets++;
    intake->received.octets += datagram->size;
    return NOTHING;
}

static int handle_rtcp(struct intake *intake, const struct route *route, struct datagram *datagram, double now) {
    if (!reporter_expects(route->reporter, datagram->data, datagram->size)) return ENCRYPTED;
    if (!decrypt(intake->unprotect_rtcp, route->srtp, datagram)) return REFUSED;
    if (!reporter_take(intake->path, route->reporter, (const char *)datagram->data, datagram->size, now))
        return DECRYPTED_RTCP;
    intake->received.reports++;
    return NOTHING;
}

/* Do what is to be done with a datagram, if that can be done here. Feedback and media are told apart by RFC 5761. */
static int handle(struct intake *intake, struct datagram *datagram, double now) {
    const struct route *route = *find(intake, datagram->address, datagram->address_size);
    if (route == NULL) return ENCRYPTED;
    if (is_srtp(datagram->data, datagram->size)) return handle_rtp(intake, route, datagram, now);
    return handle_rtcp(intake, route, datagram, now);
}

/* Whether a batch was read that is not done. */
int intake_has_more(const struct intake *intake) { return intake->position < intake->count; }

/* Go on to the next datagram that Python has to look at: `intake_datagram` is it then. NOTHING when all are done, or when
 * so many packets were sent again that others shall have their turn. */
int intake_next(struct intake *intake, double now) {
    const struct totals *totals = path_totals(intake->path);
    uint64_t resent = totals->resent;
    while (intake->position < intake->count && totals->resent - resent < RESENDS_AT_ONCE) {
        uint32_t index = intake->position++;
        struct datagram *datagram = &intake->datagram;
        int found;
        datagram->data = intake->data[index];
        datagram->size = intake->headers[index].msg_len;
        datagram->address = (uint8_t *)&intake->addresses[index];
        datagram->address_size = intake->headers[index].msg_hdr.msg_namelen;
        found = handle(intake, datagram, now);
        if (found != NOTHING) return found;
    }
    return NOTHING;
}
