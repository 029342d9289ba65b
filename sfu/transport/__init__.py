"""The network of the media node: one UDP and TCP port, and the peer connections that share it."""
