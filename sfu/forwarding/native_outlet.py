"""An outlet as the compiled packet path has it: `struct outlet` in `sfu/native/packets.h`."""

from collections.abc import Sequence
from typing import Any

from sfu.forwarding.outlet import Outlet
from sfu.forwarding.plan import Plan
from sfu.native import ffi
from sfu.native.egress import NOTHING_TO_DO
from sfu.native.head import fill_head


class NativeOutlet:
    """Follows the outlet's plans one by one: where a thousand have them, to list them anew takes milliseconds."""

    __slots__ = ("_plans", "_room", "pointer")

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.pointer: Any = ffi.new("struct outlet *", {"first_packet": NOTHING_TO_DO})
        self._room = max(4, len(plans))
        self._plans: Any = ffi.new("struct plan *[]", self._room)
        self.pointer.plans = self._plans
        for plan in plans:
            self.add(plan)

    def add(self, plan: Plan) -> None:
        count = self.pointer.plan_count
        if count == self._room:
            self._grow()
        self._plans[count] = native_plan(plan)
        self.pointer.plan_count = count + 1

    def remove(self, place: int) -> None:
        """The last plan takes this place."""
        last = self.pointer.plan_count - 1
        self._plans[place] = self._plans[last]
        self.pointer.plan_count = last

    def _grow(self) -> None:
        plans = ffi.new("struct plan *[]", 2 * self._room)
        ffi.memmove(plans, self._plans, ffi.sizeof(self._plans))
        self.pointer.plans = self._plans = plans
        self._room *= 2


def native_outlet(outlet: Outlet) -> NativeOutlet:
    """The outlet as C has it."""
    if outlet.native is None:
        outlet.native = NativeOutlet(outlet.plans)
    native: NativeOutlet = outlet.native
    return native


def native_outlet_for(outlet: Outlet, format_: str, *, with_level: bool) -> Any:
    """C's pointer to it, ready to take packets of this codec; None if its participants cannot get them."""
    head = outlet.wire_format.head(format_, with_level=with_level)
    if head is None:
        return None
    pointer = native_outlet(outlet).pointer
    return pointer if fill_head(pointer.head, *head) else None


def native_plan(plan: Plan) -> Any:
    """The plan as C has it."""
    native = plan.native
    if native is None and plan.egress.native is not None:
        native = plan.native = ffi.new(
            "struct plan *",
            {
                "egress": plan.egress.native.pointer,
                "ssrc": plan.ssrc,
                "timestamp_offset": plan.timestamp_offset & 0xFFFFFFFF,
                "sequence_offset": plan.sequence_offset & 0xFFFF,
                "picture_offset": plan.picture_id_offset & 0xFFFF,
                "tl0_offset": plan.tl0_offset & 0xFF,
            },
        )
    return native
