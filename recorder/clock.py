"""When things happened: RTP timestamps of every track on the one time line of their segment.

The media node writes sender reports for all streams of a tap on its own NTP clock (RFC 3550 section 6.4.1). That clock
against ours is learned once for a tap; each track then follows its reports, so that microphone and camera, and
different people, line up whatever their clocks and however long their packets travelled.
Times are seconds of the segment's own line, which starts at 0.
"""

from sfu.rtcp.reports import SenderReport
from sfu.rtp.sequence import Unwrapper

LARGE_STEP = 0.02
"""Seconds. A correction up to this is taken in small steps, as it may be noise; a larger one at once."""
SMALL_STEP = 0.002
MAX_ERROR = 5.0
"""Seconds between what a clock says and when its packet came, beyond which the clock was set anew."""
_NTP_FRACTION = 1 << 32


class NodeClock:
    """The media node's NTP clock on the segment's time line.

    Learned when the tap opens, else from the first sender report: later ones may have waited longer, and all tracks
    have to move together. Only when the node's clock was set anew it is learned again.
    """

    def __init__(self) -> None:
        self._offset: float | None = None

    def learn(self, ntp: float, arrived: float) -> None:
        """The node said at `arrived` what its clock shows, in seconds."""
        self._offset = arrived - ntp

    def time_of(self, ntp_time: int, arrived: float) -> float:
        """Seconds; `ntp_time` has 32 bits of fraction, as in sender reports."""
        ntp = ntp_time / _NTP_FRACTION
        if self._offset is None or abs(ntp + self._offset - arrived) > MAX_ERROR:
            self._offset = arrived - ntp
        return ntp + self._offset


class TrackClock:
    """One track's RTP timestamps on the segment's time line.

    Before the first sender report a timestamp is taken to lie where the fastest packet so far says.
    """

    def __init__(self, node: NodeClock, clock_rate: int) -> None:
        self._node = node
        self._rate = clock_rate
        self._unwrapper = Unwrapper(32)
        self._offset: float | None = None
        self.synchronised = False
        """Whether a sender report has told where the timestamps lie."""

    def observe(self, timestamp: int, arrived: float) -> None:
        """A packet came. To be told of packets until the clock is synchronised, or their frames are written."""
        if not self.synchronised:
            offset = arrived - self._unwrapper.unwrap(timestamp) / self._rate
            self._offset = offset if self._offset is None else min(self._offset, offset)

    def sender_report(self, report: SenderReport, arrived: float) -> None:
        time = self._node.time_of(report.ntp_time, arrived)
        offset = time - self._unwrapper.unwrap(report.rtp_time) / self._rate
        if self._offset is None or not self.synchronised or abs(offset - self._offset) > LARGE_STEP:
            self._offset = offset
        else:
            self._offset += max(-SMALL_STEP, min(SMALL_STEP, offset - self._offset))
        self.synchronised = True

    def time_of(self, timestamp: int, arrived: float) -> float:
        """Where a timestamp lies; it may be before what was told for an earlier one."""
        extended = self._unwrapper.unwrap(timestamp) / self._rate
        if self._offset is None or abs(extended + self._offset - arrived) > MAX_ERROR:
            self._offset = arrived - extended
            self.synchronised = False
        return extended + self._offset
