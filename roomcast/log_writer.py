"""Writes a log from a thread of its own: whoever reads it too slowly must not hold up packets."""

import atexit
import logging
import queue
import threading
from typing import TextIO

MAX_WAITING = 10_000
"""Lines; what comes when so many wait is left out, and counted."""
LAST_WAIT = 1.0
"""Seconds that the end of the process waits for the last lines."""


class PatientHandler(logging.Handler):
    """Formats at once, as the error at hand is known only then, and never waits for the stream."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(MAX_WAITING)
        self._left_out = 0
        self._writer = threading.Thread(target=self._write, name="log", daemon=True)
        self._writer.start()
        atexit.register(self.close)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:
            # As all handlers of the standard library: whoever logs is not to end by what they log.
            self.handleError(record)
            return
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._left_out += 1

    def close(self) -> None:
        """Write what waits, but not for long. Idempotent."""
        atexit.unregister(self.close)
        try:
            self._lines.put(None, timeout=LAST_WAIT)
        except queue.Full:
            return
        self._writer.join(LAST_WAIT)
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            left_out, self._left_out = self._left_out, 0
            if left_out:
                line += f"\n{left_out} lines were left out: the log is read too slowly"
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except BlockingIOError:
                # Somebody who has the same terminal or pipe made it non-blocking: the next line may fit again.
                self._left_out += 1
            except (OSError, ValueError):
                # Nobody reads any more, and there is nowhere else to say so.
                return
