"""What a participant says of what it gets, as the compiled packet path sees it: see `rtcp.c` and `resend.c`."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from sfu.native import ffi, is_built
from sfu.native.egress import NativeEgress
from sfu.native.head import fill_head
from sfu.native.stream import CODECS, NativeStream

NO_RTX = 255


class Head(NamedTuple):
    """What stands before the payload in packets of one codec, named as in `sfu.native.stream.CODECS`.

    `level_at` and `transport_at` are where loudness and transport-wide number belong, 0 for nowhere.
    """

    codec: str
    with_level: bool
    data: bytes
    level_at: int
    transport_at: int


class NativeHeads:
    """The heads of one wire format, and the payload types of retransmissions by codec."""

    __slots__ = ("pointer",)

    def __init__(self, heads: Sequence[Head], rtx_payload_types: dict[str, int]) -> None:
        self.pointer: Any = ffi.new("struct heads *")
        for name, number in CODECS.items():
            self.pointer.rtx_payload_types[number - 1] = rtx_payload_types.get(name, NO_RTX)
        for head in heads:
            native = self.pointer.heads[CODECS[head.codec] - 1][head.with_level]
            # One that has no room is left out: its packets are Python's to send again.
            fill_head(native, head.data, head.level_at, head.transport_at)


class NativeSlot:
    """One slot. `fill` and `empty` say whose packets it gets: what C has pointers to stays until then."""

    __slots__ = ("_heads", "_held", "pointer")

    def __init__(self) -> None:
        self.pointer: Any = ffi.new("struct slot *")
        # A number that never has this place: nothing was sent again yet.
        self.pointer.numbers[0] = 1
        self._heads: NativeHeads | None = None
        self._held: tuple[NativeStream, Any] | None = None

    @classmethod
    def make(cls) -> Self | None:
        """None where nothing was compiled."""
        return cls() if is_built() else None

    def describe(self, ssrc: int, rtx_ssrc: int | None, heads: NativeHeads) -> None:
        """Say what was negotiated."""
        pointer, self._heads = self.pointer, heads
        pointer.ssrc, pointer.heads = ssrc, heads.pointer
        pointer.has_rtx, pointer.rtx_ssrc = rtx_ssrc is not None, rtx_ssrc or 0

    def fill(self, stream: NativeStream, plan: Any, first: int) -> None:
        """From this extended number of the stream on, packets are the slot's under `plan`: a pointer of C's."""
        self._held = stream, plan
        pointer = self.pointer
        pointer.stream, pointer.plan, pointer.first = stream.pointer, plan, first & 0xFFFFFFFF

    def empty(self) -> None:
        """The slot gets nobody's packets any more."""
        self.pointer.stream = self.pointer.plan = ffi.NULL
        self._held = None


class NativeReporter:
    """All that one participant reports on: what leaves by its egress, and its slots."""

    __slots__ = ("_egress", "_let_in", "_pointers", "_slots", "pointer")

    def __init__(self, egress: NativeEgress) -> None:
        self.pointer: Any = ffi.new("struct reporter *", {"egress": egress.pointer})
        self._egress = egress
        self._slots: list[NativeSlot] = []
        self._pointers: Any = ffi.NULL
        self._let_in = 0

    @classmethod
    def make(cls, egress: NativeEgress | None) -> Self | None:
        """None where nothing was compiled."""
        return None if egress is None else cls(egress)

    @property
    def delivery(self) -> Any:
        """C's `struct delivery`, which has the fields of `sfu.congestion.delivery.Sums`; it goes with this reporter."""
        return self.pointer.delivery

    def put_slots(self, slots: Sequence[NativeSlot]) -> None:
        """Make these the slots."""
        pointers = ffi.new("struct slot *[]", [slot.pointer for slot in slots])
        self.pointer.slots, self.pointer.slot_count = pointers, len(slots)
        self._slots, self._pointers = list(slots), pointers

    def let_in(self, ssrc: int) -> None:
        """RTCP of this SSRC has been decrypted: it may be in C from now on. The last few are remembered."""
        ssrcs = self.pointer.ssrcs
        if ssrc not in list(ssrcs):
            ssrcs[self._let_in % len(ssrcs)] = ssrc
            self._let_in += 1
