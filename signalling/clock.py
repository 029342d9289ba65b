"""The clocks, in one place, so that tests can put their own there."""

import time
from datetime import UTC, datetime


class Clock:
    """`now` counts seconds and never jumps; `wall` is Unix seconds (UTC)."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def wall_at(self, then: float) -> float:
        """The Unix seconds at which `now` was `then`."""
        return self.wall() - (self.now() - then)

    def wall_text(self) -> str:
        """The time of day in UTC as ISO 8601 with milliseconds, such as 2026-11-22T09:30:00.000Z."""
        return datetime.fromtimestamp(self.wall(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
