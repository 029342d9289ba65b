"""`roomcast` without the bitrate caps of rooms, for the benchmark only: `python -m bench.adapters.uncapped serve`.

The quality of a room caps a camera at 2.5 Mb/s, and what exceeds it is forwarded to nobody. The streams that are
compared with other servers have up to 9 Mb/s. Layers are policed all the same, against a cap that is never reached.
"""

from collections.abc import Mapping

from roomcast.cli import main
from sfu.link_messages import Cap
from signalling.domain import quality
from signalling.domain.room import Quality

_BITRATE = 1_000_000_000


def lift_caps() -> None:
    """Let publishers of this process's rooms send as much as they like."""
    quality._CAMERA = _lifted(quality._CAMERA)
    quality._SCREEN = _lifted(quality._SCREEN)


def _lifted(caps: Mapping[Quality, Cap]) -> Mapping[Quality, Cap]:
    return {name: cap.model_copy(update={"bitrate": _BITRATE}) for name, cap in caps.items()}


if __name__ == "__main__":
    lift_caps()
    main()
