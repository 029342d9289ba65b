/* Forwarding of what is the rule: the next packet of a stream that Python has opened, which is no keyframe.
 *
 * Everything else (what is lost, late, repeated, malformed, a keyframe, another codec) is refused and left to Python, so
 * there is nothing to decide here. The steps are those of sfu.forwarding.ingress and what it calls.
 */

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "ingress.h"

#define ONE_BYTE_PROFILE 0xBEDE
#define TWO_BYTE_PROFILE 0x1000
#define VP8_DESCRIPTOR_SIZE 6
#define VP8_PICTURE_OFFSET 2
#define VP8_TL0_OFFSET 4
#define PICTURE_MASK 0x7FFF
#define PICTURE_FLAG 0x8000
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A packet taken apart. `payload` follows `descriptor`, which is written anew for VP8. */
struct packet {
    const uint8_t *payload;
    uint32_t payload_size;
    uint8_t descriptor[VP8_DESCRIPTOR_SIZE];
    uint32_t descriptor_size;
    uint16_t sequence, picture, number;
    uint32_t timestamp, ssrc;
    uint8_t payload_type, marker, tl0, level;
    int has_number, has_level;
};

struct stream *stream_new(uint32_t kept) {
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) return NULL;
    stream->kept = calloc(kept, sizeof *stream->kept);
    stream->kept_mask = kept - 1;
    if (stream->kept != NULL) return stream;
    free(stream);
    return NULL;
}

void stream_free(struct stream *stream) {
    uint32_t index;
    if (stream == NULL) return;
    for (index = 0; index <= stream->kept_mask; index++) free(stream->kept[index].data);
    free(stream->kept);
    free(stream);
}

/* Let go of so many packets from number `first` on. */
void stream_forget(struct stream *stream, uint16_t first, uint32_t packets) {
    uint32_t index;
    for (index = 0; index < packets; index++) {
        uint16_t sequence = (uint16_t)(first + index);
        struct kept *kept = &stream->kept[sequence & stream->kept_mask];
        if ((kept->codec == CLOSED && !kept->elsewhere) || kept->sequence != sequence) continue;
        free(kept->data);
        memset(kept, 0, sizeof *kept);
    }
}

/* Parsing: 0 for whatever is not as usual */

/* The two header extensions that are looked at, of a block from `at` to `end` (RFC 8285). */
static int read_extensions(const uint8_t *data, uint32_t at, uint32_t end, int two_bytes, uint8_t sequence_id,
                           uint8_t level_id, struct packet *packet) {
    while (at < end) {
        uint32_t id, size;
        if (data[at] == 0) {
            at++;
            continue;
        }
        if (two_bytes) {
            if (at + 2 > end) return 0;
            id = data[at];
            size = data[at + 1];
            at += 2;
        } else {
            id = data[at] >> 4;
            size = (data[at] & 0x0Fu) + 1;
            at++;
            if (id == 0 || id == 15) return 0;
        }
        if (at + size > end) return 0;
        if (id == sequence_id && !packet->has_number) {
            if (size != 2) return 0;
            packet->number = (uint16_t)get16(data + at);
            packet->has_number = 1;
        } else if (id == level_id && !packet->has_level) {
            if (size != 1) return 0;
            packet->level = data[at];
            packet->has_level = 1;
        }
        at += size;
    }
    return 1;
}

static int read_header(const uint8_t *data, uint32_t size, uint8_t sequence_id, uint8_t level_id,
                       struct packet *packet) {
    uint32_t offset = HEADER_SIZE;
    packet->has_number = packet->has_level = 0;
    if (data[0] & 0x10) {
        uint32_t profile, start;
        if (size < offset + 4) return 0;
        profile = get16(data + offset);
        start = offset + 4;
        offset = start + 4 * get16(data + offset + 2);
        if (offset > size) return 0;
        if (profile == ONE_BYTE_PROFILE || (profile & 0xFFF0) == TWO_BYTE_PROFILE) {
            if (!read_extensions(data, start, offset, profile != ONE_BYTE_PROFILE, sequence_id, level_id, packet))
                return 0;
        }
    }
    packet->marker = data[1] & 0x80;
    packet->timestamp = get32(data + 4);
    packet->payload = data + offset;
    packet->payload_size = size - offset;
    return packet->payload_size > 0;
}

/* The descriptor (RFC 7741) of a packet that is not the first of a keyframe, and has a picture id of 15 bits; what
 * follows it is the payload from then on, and `descriptor` has the shape of sfu.codecs.vp8.normalise. */
static int read_vp8(struct packet *packet) {
    const uint8_t *payload = packet->payload;
    uint32_t size = packet->payload_size, offset = 4;
    uint8_t flags, layer = 0;
    if (size < 5 || !(payload[0] & 0x80) || !(payload[1] & 0x80) || !(payload[2] & 0x80)) return 0;
    flags = payload[1];
    packet->picture = (uint16_t)(get16(payload + 2) & PICTURE_MASK);
    /* Encoders without temporal layers leave TL0 out: each frame is one of layer 0. */
    packet->tl0 = flags & 0x40 ? payload[offset++] : (uint8_t)packet->picture;
    if (flags & 0x30) {
        if (offset >= size) return 0;
        layer = payload[offset++] & ((flags & 0x20 ? 0xE0 : 0) | (flags & 0x10 ? 0x1F : 0));
    }
    if (offset >= size) return 0;
    if ((payload[0] & 0x17) == 0x10 && !(payload[offset] & 1)) return 0;
    packet->descriptor[0] = (uint8_t)((payload[0] & 0x37) | 0x80);
    packet->descriptor[1] = 0xF0;
    put16(packet->descriptor + VP8_PICTURE_OFFSET, packet->picture | PICTURE_FLAG);
    packet->descriptor[VP8_TL0_OFFSET] = packet->tl0;
    packet->descriptor[5] = layer;
    packet->descriptor_size = VP8_DESCRIPTOR_SIZE;
    packet->payload += offset;
    packet->payload_size -= offset;
    return 1;
}

/* Forwarding */

/* The place of a packet, with room for its payload, which is all that it keeps; `packet` is what else there is to tell.
 * NULL without memory. */
static struct kept *make_place(struct stream *stream, struct kept packet) {
    struct kept *kept = &stream->kept[packet.sequence & stream->kept_mask];
    uint32_t room = (packet.size + 63) & ~63u;
    if (packet.size > kept->room) {
        uint8_t *data = realloc(kept->data, room);
        if (data == NULL) return NULL;
        kept->data = data;
        kept->room = (uint16_t)room;
    }
    packet.data = kept->data;
    packet.room = kept->room;
    *kept = packet;
    return kept;
}

/* Keep a packet that Python has looked at: `payload`, and what else `packet` tells. 0 if that cannot be. */
int stream_keep(struct stream *stream, const struct kept *packet, const char *payload) {
    struct kept *kept;
    if (packet->size > MAX_PACKET || (packet->codec == VP8 && packet->size < VP8_DESCRIPTOR_SIZE)) return 0;
    kept = make_place(stream, *packet);
    if (kept == NULL) return 0;
    memcpy(kept->data, payload, packet->size);
    return 1;
}

static void keep(struct stream *stream, const struct packet *packet) {
    struct kept told = {
        .timestamp = packet->timestamp,
        .sequence = packet->sequence,
        .size = (uint16_t)(packet->descriptor_size + packet->payload_size),
        .picture = packet->picture,
        .tl0 = packet->tl0,
        .marker = packet->marker,
        .has_level = (uint8_t)packet->has_level,
        .level = packet->level,
        .codec = (uint8_t)stream->codec,
    };
    struct kept *kept = make_place(stream, told);
    if (kept == NULL) return;
    memcpy(kept->data, packet->descriptor, packet->descriptor_size);
    memcpy(kept->data + packet->descriptor_size, packet->payload, packet->payload_size);
}

/* The packet for one outlet, as sfu.forwarding.wire_format has it. */
static void write_canonical(struct pending *pending, const struct head *head, const struct packet *packet) {
    uint32_t descriptor_at = head->size, payload_at = descriptor_at + packet->descriptor_size;
    struct canonical *canonical = &pending->canonical;
    memset(canonical, 0, sizeof *canonical);
    canonical->sequence = packet->sequence;
    canonical->timestamp = packet->timestamp;
    canonical->transport_at = head->transport_at;
    if (packet->descriptor_size) {
        canonical->picture_at = (uint16_t)(descriptor_at + VP8_PICTURE_OFFSET);
        canonical->picture = packet->picture;
        canonical->picture_mask = PICTURE_MASK;
        canonical->picture_flag = PICTURE_FLAG;
        canonical->tl0_at = (uint16_t)(descriptor_at + VP8_TL0_OFFSET);
        canonical->tl0 = packet->tl0;
    }
    memcpy(pending->data, head->data, head->size);
    pending->data[1] |= packet->marker;
    if (head->level_at) pending->data[head->level_at] = packet->level;
    memcpy(pending->data + descriptor_at, packet->descriptor, packet->descriptor_size);
    memcpy(pending->data + payload_at, packet->payload, packet->payload_size);
}

void stream_write(const struct kept *kept, const struct head *head, struct pending *pending) {
    struct packet packet = {
        .sequence = kept->sequence,
        .timestamp = kept->timestamp,
        .marker = kept->marker,
        .picture = kept->picture,
        .tl0 = kept->tl0,
        .level = kept->level,
        .descriptor_size = kept->codec == VP8 ? VP8_DESCRIPTOR_SIZE : 0,
    };
    memcpy(packet.descriptor, kept->data, packet.descriptor_size);
    packet.payload = kept->data + packet.descriptor_size;
    packet.payload_size = kept->size - packet.descriptor_size;
    write_canonical(pending, head, &packet);
    pending->size = head->size + kept->size;
}

static int enqueue(struct path *path, struct stream *stream, const struct packet *packet) {
    uint32_t index, size = packet->descriptor_size + packet->payload_size;
    /* All or none: what Python enqueues after this would be a packet twice. */
    if (path_room(path) < stream->outlet_count) return 0;
    for (index = 0; index < stream->outlet_count; index++) {
        struct outlet *outlet = stream->outlets[index];
        if (outlet->head.size + size > MAX_PACKET) return 0;
    }
    for (index = 0; index < stream->outlet_count; index++) {
        struct outlet *outlet = stream->outlets[index];
        write_canonical(path_reserve(path, outlet, outlet->head.size + size), &outlet->head, packet);
    }
    return 1;
}

/* As sfu.rtp.reception: interarrival jitter (RFC 3550 section A.8). */
static void update_jitter(struct stream *stream, uint32_t timestamp, double now) {
    int32_t sent = (int32_t)(timestamp - stream->timestamp);
    double difference = fabs((now - stream->arrived) * stream->clock_rate - sent);
    stream->jitter += (difference - stream->jitter) / 16;
    stream->timestamp = timestamp;
    stream->arrived = now;
}

static void note(struct source *source, struct stream *stream, const struct packet *packet, uint32_t size, double now) {
    if (packet->has_number) source->arrivals[source->arrival_count++] = (struct arrival){now, packet->number};
    if (packet->has_level) source->levels[source->level_count++] = (struct level){now, packet->level};
    update_jitter(stream, packet->timestamp, now);
    stream->next++;
    stream->passed++;
    stream->packet_octets += size;
    stream->payload_octets += packet->descriptor_size + packet->payload_size;
    if (packet->descriptor_size) {
        stream->picture = packet->picture;
        stream->tl0 = packet->tl0;
    }
}

/* The open stream whose next packet this is, by what SRTP leaves in clear text. NULL for what Python has to look at:
 * padding and contributing sources, too. */
struct stream *source_expects(const struct source *source, const uint8_t *data, uint32_t size) {
    uint32_t ssrc, index;
    if (size < HEADER_SIZE || (data[0] & 0xEF) != 0x80) return NULL;
    ssrc = get32(data + 8);
    for (index = 0; index < source->stream_count; index++) {
        struct stream *stream = source->streams[index];
        if (stream->ssrc == ssrc && stream->codec != CLOSED)
            return (uint16_t)stream->next == get16(data + 2) && stream->payload_type == (data[1] & 0x7F) ? stream : NULL;
    }
    return NULL;
}

/* Forward a decrypted packet, if there is nothing about it that needs a look; `now` in seconds. 1 if it is done, 0, and
 * nothing was changed, if it is Python's. */
int source_take(struct path *path, struct source *source, const char *data, uint32_t size, double now) {
    struct stream *stream = source_expects(source, (const uint8_t *)data, size);
    struct packet packet;
    if (stream == NULL) return 0;
    packet.descriptor_size = 0;
    packet.sequence = (uint16_t)stream->next;
    packet.picture = packet.tl0 = packet.level = 0;
    if (!read_header((const uint8_t *)data, size, source->sequence_id, stream->level_id, &packet)) return 0;
    if (packet.has_level != (stream->level_id != 0)) return 0;
    if (source->level_count == COUNT(source->levels) || source->arrival_count == COUNT(source->arrivals)) return 0;
    if (stream->codec == VP8 && !read_vp8(&packet)) return 0;
    if (!enqueue(path, stream, &packet)) return 0;
    /* Without memory to keep it, the packet cannot be sent again; it has been forwarded all the same. */
    keep(stream, &packet);
    note(source, stream, &packet, size, now);
    return 1;
}
