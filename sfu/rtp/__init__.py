"""RTP (RFC 3550) and what rides on it: header extensions, retransmission, sequence numbers, loss. No I/O, no clock."""
