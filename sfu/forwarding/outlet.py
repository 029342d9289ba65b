"""Who gets one layer's packets: its plans, in groups that share a wire format."""

from collections.abc import Callable, ValuesView
from dataclasses import dataclass, field
from typing import Any

from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import HEADER_SIZE, Canonical, WireFormat


def _nothing() -> None:
    pass


@dataclass(slots=True, eq=False)
class Outlet:
    """The plans of one layer that share a wire format, and the packets waiting for the next flush.

    `native` is the same for the compiled packet path, a `NativeOutlet`, which counts there and not here; None until it
    has been there. `changing` is called before the plans do.
    """

    wire_format: WireFormat
    changing: Callable[[], None] = _nothing
    plans: list[Plan] = field(default_factory=list)
    pending: list[Canonical] = field(default_factory=list)
    native: Any = None
    _packets: int = 0
    _octets: int = 0

    @property
    def packets(self) -> int:
        """What has been enqueued so far."""
        return self._packets if self.native is None else int(self.native.pointer.packets)

    @property
    def octets(self) -> int:
        """Of payloads, with their header extensions."""
        return self._octets if self.native is None else int(self.native.pointer.octets)

    def add_pending(self, packet: Canonical) -> None:
        """Keep a packet for the next flush."""
        self.pending.append(packet)
        self._packets += 1
        self._octets += len(packet.data) - HEADER_SIZE

    def add(self, plan: Plan) -> None:
        self.changing()
        plan.place = len(self.plans)
        self.plans.append(plan)
        if self.native is not None:
            self.native.add(plan)
        plan.joined(self)

    def remove(self, plan: Plan) -> None:
        self.changing()
        # The last takes its place: a thousand may leave at once, and nobody cares for their order.
        last = self.plans.pop()
        if last is not plan:
            self.plans[plan.place] = last
            last.place = plan.place
        if self.native is not None:
            self.native.remove(plan.place)
        plan.left()

    def take_pending(self) -> list[Canonical]:
        """The packets for the flush that begins."""
        taken, self.pending = self.pending, []
        return taken


class Outlets:
    """All outlets of one layer."""

    __slots__ = ("_by_format", "_changing")

    def __init__(self, changing: Callable[[], None] = _nothing) -> None:
        """`changing` is called before each change."""
        self._changing = changing
        self._by_format: dict[WireFormat, Outlet] = {}

    def values(self) -> ValuesView[Outlet]:
        return self._by_format.values()

    def add(self, plan: Plan) -> None:
        outlet = self._by_format.get(plan.wire_format)
        if outlet is None:
            outlet = self._by_format[plan.wire_format] = Outlet(plan.wire_format, self._changing)
        outlet.add(plan)

    def clear(self) -> None:
        """Give nobody anything any more. Plans stay in their outlets until they are removed from them."""
        self._changing()
        self._by_format = {}
