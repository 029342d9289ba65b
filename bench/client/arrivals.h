/* What is known of each endpoint for its transport-wide reports: see answers.py, which has the same struct. */
#include <stdint.h>

struct arrival {
    int64_t number, time;
};

struct peer {
    /* The connected socket and libsrtp's session; the descriptor is negative where Python sends the reports. */
    int64_t descriptor;
    void *srtp;
    /* What a report is on, the number that the next one begins with (negative before the first), how many there were. */
    int64_t ssrc, next, counted;
    /* What came since the last one. Times are in nanoseconds. */
    struct arrival *arrivals;
    int64_t size, capacity;
};

void note_arrival(struct peer *peer, int64_t number, int64_t time);
