/* Reads what waits at all sockets, in C: `reading.py` has the same struct, and the same in Python. */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Mostly one or two datagrams wait at a socket; asking for some more costs nothing. */
enum { READY = 512, FEW = 8, CONTROL_BYTES = 64 };

struct reader {
    int64_t epoll;
    /* By descriptor: whose socket it is. */
    const int64_t *owner_of;
    int64_t descriptors;
    /* Where to read to: see Datagrams. `count` rows are taken. */
    struct mmsghdr *headers;
    int64_t *owners;
    int64_t rows, count;
};

/* Whether all of a socket was read; an error of the socket ends the reading only. */
static int read_socket(struct reader *r, int descriptor)
{
    while (r->count + FEW <= r->rows) {
        struct mmsghdr *headers = r->headers + r->count;
        for (int i = 0; i < FEW; i++)
            headers[i].msg_hdr.msg_controllen = CONTROL_BYTES;
        int number = recvmmsg(descriptor, headers, FEW, MSG_DONTWAIT, 0);
        for (int i = 0; i < number; i++)
            r->owners[r->count++] = r->owner_of[descriptor];
        if (number < FEW)
            return 1;
    }
    return 0;
}

/* Whether all sockets were read: else the rows are full, or more sockets were ready than are looked at in one turn. */
int64_t read_ready(struct reader *r)
{
    struct epoll_event events[READY];
    int ready = epoll_wait((int)r->epoll, events, READY, 0);
    for (int i = 0; i < ready; i++) {
        int descriptor = events[i].data.fd;
        if (descriptor < r->descriptors && !read_socket(r, descriptor))
            return 0;
    }
    return ready < READY;
}
