/* Sending, as packets.c needs it of messages.c. */

struct sender;

/* `send` NULL is sendmmsg, `segmentation` whether the kernel has UDP_SEGMENT; failures are counted in `totals`. NULL
 * without memory. */
struct sender *sender_new(send_function send, int segmentation, struct totals *totals);
void sender_free(struct sender *sender);

/* Where the next packet, of at most so many bytes, is to be written. */
uint8_t *sender_place(struct sender *sender, uint32_t room);

/* Send what was written at that place, with what comes until the flush. Whether it begins a message of its own. */
int sender_add(struct sender *sender, struct egress *egress, uint32_t size);

/* Give all to the kernel. */
void sender_flush(struct sender *sender);
