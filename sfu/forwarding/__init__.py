"""The forwarding core: tracks and their layers come in, slots go out.

Control plane and data plane are apart (rule 1 of the design). The control plane decides who fills which slot and
writes that down as plans; `packet_path` applies plans to packets and knows nothing else.
"""
