"""Hypothesis strategies of bad input: bytes that were valid once."""

from collections.abc import Sequence

from hypothesis import strategies as st


@st.composite
def mutated(draw: st.DrawFn, valid: Sequence[bytes]) -> bytes:
    """One of `valid` with some bytes changed, put in or taken out, and maybe its end cut off."""
    data = bytearray(draw(st.sampled_from(valid)))
    for _ in range(draw(st.integers(1, 6))):
        position = draw(st.integers(0, max(0, len(data) - 1)))
        kind = draw(st.sampled_from(("change", "insert", "delete", "cut")))
        if kind == "insert":
            data[position:position] = draw(st.binary(min_size=1, max_size=4))
        elif kind == "cut":
            del data[position:]
        elif kind == "delete":
            del data[position : position + 1]
        elif data:
            data[position] = draw(st.integers(0, 255))
    return bytes(data)
