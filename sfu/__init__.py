"""The media node: ICE, DTLS, SRTP and the forwarding of packets. It knows no user, role or SDP."""
