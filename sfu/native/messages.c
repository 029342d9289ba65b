/* What the flush gives to the kernel: packets that lie one after another in one buffer, in as few messages as segmentation
 * offload allows, one per run of equal sizes, which one shorter packet may close. A call of sendmmsg takes the messages of
 * many participants.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "internal.h"

#include "messages.h"

#define MAX_MESSAGES 64
#define MAX_SEGMENTS 64 /* UDP_MAX_SEGMENTS in kernels before 6.9 */
#define MAX_MESSAGE 65000
#define BUFFER_SIZE (256 * 1024)
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

/* One message to the kernel: equal segments, of which the last may be shorter, and then the message is closed. */
struct message {
    struct egress *egress;
    uint8_t *data;
    uint32_t size, segment, segments;
    int closed;
    struct iovec part;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(uint16_t))];
    } control;
};

struct sender {
    send_function send;
    int segmentation;
    struct totals *totals;
    uint32_t count, position;
    struct message messages[MAX_MESSAGES];
    struct mmsghdr headers[MAX_MESSAGES];
    uint8_t buffer[BUFFER_SIZE];
};

struct sender *sender_new(send_function send, int segmentation, struct totals *totals) {
    struct sender *sender = calloc(1, sizeof *sender);
    if (sender == NULL) return NULL;
    sender->send = send != NULL ? send : (send_function)sendmmsg;
    sender->segmentation = segmentation;
    sender->totals = totals;
    return sender;
}

void sender_free(struct sender *sender) { free(sender); }

static int send_one(struct sender *sender, struct message *message, uint8_t *data, uint32_t size) {
    struct mmsghdr header = {0};
    struct iovec part = {data, size};
    header.msg_hdr.msg_name = message->egress->address;
    header.msg_hdr.msg_namelen = message->egress->address_size;
    header.msg_hdr.msg_iov = &part;
    header.msg_hdr.msg_iovlen = 1;
    return sender->send(message->egress->fd, &header, 1, 0) == 1;
}

/* A full socket buffer drops packets as any router would. A device without segmentation gets them singly, and so does
 * a path with a small MTU, which says nothing of other paths: whoever publishes chooses the size of packets. */
static void message_failed(struct sender *sender, struct message *message, int error) {
    uint32_t at;
    if (message->segments == 1 || (error != EIO && error != EINVAL && error != EMSGSIZE)) {
        sender->totals->send_failures++;
        return;
    }
    if (error == EIO) sender->segmentation = 0;
    for (at = 0; at < message->size; at += message->segment) {
        uint32_t left = message->size - at;
        uint32_t size = left < message->segment ? left : message->segment;
        if (!send_one(sender, message, message->data + at, size)) sender->totals->send_failures++;
    }
}

static void describe(struct message *message, struct msghdr *header) {
    memset(header, 0, sizeof *header);
    message->part.iov_base = message->data;
    message->part.iov_len = message->size;
    header->msg_name = message->egress->address;
    header->msg_namelen = message->egress->address_size;
    header->msg_iov = &message->part;
    header->msg_iovlen = 1;
    if (message->segments > 1) {
        uint16_t segment = (uint16_t)message->segment;
        struct cmsghdr *control = &message->control.header;
        header->msg_control = &message->control;
        header->msg_controllen = sizeof message->control.space;
        control->cmsg_level = SOL_UDP;
        control->cmsg_type = UDP_SEGMENT;
        control->cmsg_len = CMSG_LEN(sizeof segment);
        memcpy(CMSG_DATA(control), &segment, sizeof segment);
    }
}

void sender_flush(struct sender *sender) {
    uint32_t from = 0, to, count = sender->count;
    for (to = 0; to < count; to++) describe(&sender->messages[to], &sender->headers[to].msg_hdr);
    while (from < count) {
        int fd = sender->messages[from].egress->fd, sent;
        for (to = from + 1; to < count && sender->messages[to].egress->fd == fd; to++) {
        }
        sent = sender->send(fd, &sender->headers[from], to - from, 0);
        if (sent > 0) {
            from += (uint32_t)sent;
        } else if (errno != EINTR) {
            message_failed(sender, &sender->messages[from], errno);
            from++;
        }
    }
    sender->count = 0;
    sender->position = 0;
}

uint8_t *sender_place(struct sender *sender, uint32_t room) {
    if (sender->count == MAX_MESSAGES || sender->position + room > BUFFER_SIZE) sender_flush(sender);
    return sender->buffer + sender->position;
}

int sender_add(struct sender *sender, struct egress *egress, uint32_t size) {
    struct message *last = sender->count ? &sender->messages[sender->count - 1] : NULL;
    uint8_t *data = sender->buffer + sender->position;
    sender->position += size;
    if (sender->segmentation && last != NULL && last->egress == egress && !last->closed && size <= last->segment &&
        last->segments < MAX_SEGMENTS && last->size + size <= MAX_MESSAGE) {
        last->closed = size < last->segment;
        last->size += size;
        last->segments++;
        return 0;
    }
    last = &sender->messages[sender->count++];
    last->egress = egress;
    last->data = data;
    last->size = last->segment = size;
    last->segments = 1;
    last->closed = 0;
    return 1;
}
