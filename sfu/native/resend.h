/* What rtcp.c asks of resend.c: Python sees nothing of it. */

#define RESENDS_AT_ONCE 200 /* as in sfu.forwarding.peer */

/* Whether these packets of a slot, or as many as its budget allows, can be sent again without Python. */
int slot_can_resend(const struct slot *slot, const uint16_t *numbers, uint32_t count);

/* Send them again, those that are still there; `now` in seconds. Returns how many. */
uint32_t slot_resend(struct path *path, struct slot *slot, const uint16_t *numbers, uint32_t count, double now);
