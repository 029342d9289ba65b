"""Who gets one layer's packets: its plans, in groups that share a wire format."""

from collections.abc import ValuesView
from dataclasses import dataclass, field
from typing import Any

from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import Canonical, WireFormat


@dataclass(slots=True, eq=False)
class Outlet:
    """The plans of one layer that share a wire format, and the packets waiting for the next flush.

    `packets` and `octets` (of payloads) are what has been enqueued so far. `native` belongs to the compiled packet
    path, and is None when the plans have changed since it was made.
    """

    wire_format: WireFormat
    plans: list[Plan] = field(default_factory=list)
    pending: list[Canonical] = field(default_factory=list)
    packets: int = 0
    octets: int = 0
    native: Any = None

    def add(self, plan: Plan) -> None:
        plan.place = len(self.plans)
        self.plans.append(plan)
        self.native = None
        plan.joined(self)

    def remove(self, plan: Plan) -> None:
        # The last takes its place: a thousand may leave at once, and nobody cares for their order.
        last = self.plans.pop()
        if last is not plan:
            self.plans[plan.place] = last
            last.place = plan.place
        self.native = None
        plan.left()

    def take_pending(self) -> list[Canonical]:
        """The packets for the flush that begins."""
        taken, self.pending = self.pending, []
        return taken


class Outlets:
    """All outlets of one layer."""

    __slots__ = ("_by_format",)

    def __init__(self) -> None:
        self._by_format: dict[WireFormat, Outlet] = {}

    def values(self) -> ValuesView[Outlet]:
        return self._by_format.values()

    def add(self, plan: Plan) -> None:
        outlet = self._by_format.get(plan.wire_format)
        if outlet is None:
            outlet = self._by_format[plan.wire_format] = Outlet(plan.wire_format)
        outlet.add(plan)

    def clear(self) -> None:
        """Give nobody anything any more. Plans stay in their outlets until they are removed from them."""
        self._by_format = {}
