"""RTCP (RFC 3550, 4585, 5104): packets and the pacing of keyframe requests. No I/O, no clock."""
