"""Figures that a node measures: of what flows over transports, and of its event loop."""

from typing import Annotated

from pydantic import Field

from sfu.link_messages.parameters import Message, SlotUse


class Flow(Message):
    """Media of one use in one direction since the last message.

    `octets` are those of RTP payloads. `lost` are packets that did not arrive at first, as whoever should have got
    them says; those sent again are among them. `jitter` is the worst seen, in seconds (RFC 3550 section 6.4.1).
    `bitrate` (bits per second, of payloads, all streams together) is that of `seconds` in which the number of streams
    stayed the same, on average `streams`; 0 with no such time. A publisher's stream counts as long as its track is
    not paused, so that `seconds` with a bitrate of 0 mean that nothing came though it should have.
    """

    packets: Annotated[int, Field(ge=0)] = 0
    octets: Annotated[int, Field(ge=0)] = 0
    lost: Annotated[int, Field(ge=0)] = 0
    jitter: Annotated[float, Field(ge=0)] = 0.0
    seconds: Annotated[float, Field(ge=0)] = 0.0
    bitrate: Annotated[int, Field(ge=0)] = 0
    streams: Annotated[float, Field(ge=0)] = 0.0


class Delivery(Message):
    """How packets reached the client since the last message, retransmissions too, by its transport-wide feedback.

    `packets` came, `lost` did not. `bitrate` is that of what came, in bits per second of encrypted RTP packets.
    `delay_trend` is how fast the delay on the way grows, in milliseconds per second; negative while a queue empties.
    """

    packets: Annotated[int, Field(ge=0)] = 0
    lost: Annotated[int, Field(ge=0)] = 0
    bitrate: Annotated[int, Field(ge=0)] = 0
    delay_trend: float = 0.0


class TransportFigures(Message):
    """`received` came from the transport's client, `sent` went to it; uses of which nothing flowed are left out.
    All simulcast layers of a track count as one stream. `rtt` is the round-trip time in seconds, None while unknown.
    `delivery` is None without transport-wide feedback."""

    received: dict[SlotUse, Flow] = Field(default_factory=dict)
    sent: dict[SlotUse, Flow] = Field(default_factory=dict)
    rtt: Annotated[float, Field(ge=0)] | None = None
    delivery: Delivery | None = None


DELAY_BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds: the upper bounds of the buckets of `LoopDelays`, but for the last, which has none."""


class LoopDelays(Message):
    """The event loop's delays since the process started: how many were at most as long as each bound, at last how many
    there were, and their sum in seconds."""

    buckets: Annotated[tuple[int, ...], Field(min_length=len(DELAY_BOUNDS) + 1, max_length=len(DELAY_BOUNDS) + 1)]
    seconds: Annotated[float, Field(ge=0)]
