"""What becomes of a batch of datagrams: counted by their headers, a sample of them decrypted and looked at."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bench.client.compiled_intake import CompiledIntake
from bench.client.datagrams import Datagrams
from bench.client.endpoint import Endpoint, Stream
from bench.client.inspection import Inspector
from bench.client.tally import Gap, Tally
from bench.client.traffic import AudioTraffic, Burst, Probe
from sfu.rtp.packet import RtpError, RtpPacket, parse_rtp
from sfu.rtp.rtx import unwrap_rtx

SAMPLE_EACH = 64
"""One packet of so many is decrypted, picked at random."""
MOST_SAMPLES = 2
"""Of one batch: at 200,000 packets a second, samples would else take a tenth of the core."""
_MOST_LATENCIES = 2_000_000
_MOST_ELEMENTS = 6
"""Header extensions of one packet that are looked through for the transport-wide sequence number."""

Packets = NDArray[np.int64]


class Intake:
    """`latencies` (nanoseconds, of samples) may be emptied at any time. `drop` is the share of video packets that is
    thrown away unseen, to see them asked for and sent again."""

    def __init__(
        self, burst: Burst, *, seed: int, drop: float, switching: bool, compiled: CompiledIntake | None = None
    ) -> None:
        """`compiled` does what it can of the work, unless packets are dropped on purpose."""
        self.tally = Tally()
        self.inspector = Inspector(switching=switching)
        self.counters: Counter[str] = Counter()
        self.latencies: list[int] = []
        self.endpoints: dict[int, Endpoint] = {}
        self.gapped: dict[int, Stream] = {}
        """Streams of which packets have just been missed; whoever asks for them empties it."""
        self.drop = drop
        self.on_probe: Callable[[Stream, Probe, int], None] | None = None
        """Told of each packet of watched endpoints: the stream, the probe, and when it came (nanoseconds)."""
        self._video_ticks = burst.interval * 90_000
        self._audio_ticks = AudioTraffic.interval * AudioTraffic.clock_rate
        self._random = np.random.default_rng(seed)
        self._streams: dict[int, Stream] = {}
        self._compiled = None if drop else compiled
        self._moved = True
        # By the stream's number: whose every packet is decrypted, and whose packets may be dropped.
        self._always: NDArray[np.bool_] = np.zeros(0, bool)
        self._droppable: NDArray[np.bool_] = np.zeros(0, bool)
        # By the endpoint's number: the id of the transport-wide sequence number, 0 where none was negotiated.
        self._sequence_ids: NDArray[np.int64] = np.zeros(0, np.int64)

    def add(self, endpoint: Endpoint) -> None:
        """An endpoint that was connected, or is about to be."""
        self.endpoints[endpoint.owner] = endpoint
        top = max((stream.number for stream in endpoint.streams), default=-1)
        more = max(0, top + 1 - len(self._always))
        # libsrtp has to see the first packet of a stream: it takes the turn of the numbers from there.
        self._always = np.concatenate((self._always, np.ones(more, bool)))
        self._droppable = np.concatenate((self._droppable, np.zeros(more, bool)))
        for stream in endpoint.streams:
            self._streams[stream.number] = stream
            self._droppable[stream.number] = stream.video and stream.repairs is None
        behind = max(0, endpoint.owner + 1 - len(self._sequence_ids))
        self._sequence_ids = np.concatenate((self._sequence_ids, np.zeros(behind, np.int64)))
        self._sequence_ids[endpoint.owner] = endpoint.sequence_id
        if self._compiled is not None:
            self._compiled.answers.add(endpoint.owner)
            endpoint.build_reports = partial(self._compiled.answers.build, endpoint.owner)
        self._moved = True

    def remove(self, endpoint: Endpoint) -> None:
        """Idempotent."""
        known = self.endpoints.pop(endpoint.owner, None)
        if known is not None and self._compiled is not None:
            self._compiled.answers.remove(endpoint.owner)
        for stream in endpoint.streams:
            self._streams.pop(stream.number, None)

    def watch(self, endpoint: Endpoint) -> None:
        """Decrypt each of its packets, and tell `on_probe`."""
        endpoint.watched = True
        self._always[[stream.number for stream in endpoint.streams]] = True

    def take(self, datagrams: Datagrams) -> None:
        """Take in a batch, and make room for the next."""
        number = datagrams.count
        if not number:
            return
        if self._compiled is not None:
            self._take_compiled(self._compiled, datagrams)
            datagrams.clear()
            return
        rows, owners = datagrams.bytes_[:number], datagrams.owners[:number]
        sizes, arrivals = datagrams.sizes, datagrams.arrivals
        first, second = rows[:, 0], rows[:, 1]
        is_rtp = (first >= 128) & (first < 192) & (sizes >= 12)
        # RTCP's packet types, where RTP has marker and payload type (RFC 5761 section 4).
        is_rtcp = is_rtp & (second >= 192) & (second <= 223)
        media = np.flatnonzero(is_rtp & ~is_rtcp)
        for row in np.flatnonzero(~is_rtp | is_rtcp).tolist():
            self._control(int(owners[row]), rows[row, : sizes[row]].tobytes(), bool(is_rtcp[row]))
        if len(media):
            self._media(rows, owners, sizes, arrivals, media)
        datagrams.clear()

    def _take_compiled(self, compiled: CompiledIntake, datagrams: Datagrams) -> None:
        """The same by compiled code, which finds what is left to do."""
        if self._moved:
            self.tally.grow()
            compiled.point_to(**self.tally.arrays, always=self._always, sequence_ids=self._sequence_ids)
            self._moved = False
        step = _step(datagrams.count)
        self.counters["unknown-ssrc"] += compiled.take(datagrams, int(self._random.integers(step)), step)
        for (row,) in compiled.found("others"):
            data = datagrams.data(row)
            is_rtcp = len(data) > 1 and 192 <= data[1] <= 223 and data[0] >= 128
            self._control(int(datagrams.owners[row]), data, is_rtcp)
        self._note_gaps(self.tally.take(compiled.found("gaps"), compiled.found("late")))
        for row, number in compiled.found("samples"):
            self._look_up(number, datagrams.data(row), datagrams.arrival(row))

    def _control(self, owner: int, data: bytes, is_rtcp: bool) -> None:
        endpoint = self.endpoints.get(owner)
        if endpoint is None:
            return
        if is_rtcp:
            endpoint.rtcp(data, time.monotonic())
        else:
            endpoint.transport.received(data)

    def _media(self, rows: NDArray[np.uint8], owners: Packets, sizes: Packets, arrivals: Packets, at: Packets) -> None:
        words = np.ascontiguousarray(rows[at, :12]).view(">u4").astype(np.int64)
        streams = self.tally.find(owners[at], words[:, 2])
        known = streams >= 0
        if not known.all():
            self.counters["unknown-ssrc"] += int((~known).sum())
        if self.drop:
            dropped = known & (self._random.random(len(at)) < self.drop) & self._droppable[streams]
            self.counters["dropped-on-purpose"] += int(dropped.sum())
            known &= ~dropped
        at, words, streams = at[known], words[known], streams[known]
        if not len(at):
            return
        sequences = words[:, 0] & 0xFFFF
        self._note_gaps(self.tally.count(streams, sequences, sizes[at], arrivals[at]))
        self._note_transport_sequences(rows, owners, arrivals, at)
        self._sample(rows, sizes, arrivals, at, streams, self.tally.before_first(streams, sequences))

    def _note_gaps(self, gaps: list[Gap]) -> None:
        for gap in gaps:
            stream = self._streams.get(gap.stream)
            if stream is not None:
                self.gapped[gap.stream] = stream

    def _sample(
        self,
        rows: NDArray[np.uint8],
        sizes: Packets,
        arrivals: Packets,
        at: Packets,
        streams: Packets,
        early: NDArray[np.bool_],
    ) -> None:
        """Decrypt one of SAMPLE_EACH, the first packet of a stream, all retransmissions, and what is watched.

        And those that are `early`: libsrtp at both ends takes a number below the first for one far ahead, and counts a
        turn of the numbers from there, which a receiver of samples must not miss.
        """
        wanted = np.zeros(len(at), bool)
        step = _step(len(at))
        wanted[int(self._random.integers(step)) :: step] = True
        wanted |= self._always[streams] | early
        for place in np.flatnonzero(wanted).tolist():
            row = at[place]
            self._look_up(int(streams[place]), rows[row, : sizes[row]].tobytes(), int(arrivals[row]))

    def _look_up(self, number: int, data: bytes, arrival: int) -> None:
        stream = self._streams.get(number)
        if stream is not None:
            self._look_at(stream, data, arrival)

    def _look_at(self, stream: Stream, data: bytes, arrival: int) -> None:
        srtp = stream.owner.transport.srtp
        if srtp is None:
            return
        self._always[stream.number] = stream.repairs is not None or stream.owner.watched
        plain = srtp.unprotect_rtp(data)
        if plain is None:
            self.inspector.faults["undecryptable"] += 1
            return
        try:
            packet = parse_rtp(plain)
        except RtpError:
            self.inspector.faults["rtp"] += 1
            return
        original = self._original(stream, packet)
        if original is None:
            return
        shown = stream.repairs or stream
        ticks = self._video_ticks if stream.video else self._audio_ticks
        probe = self.inspector.inspect(shown.number, original, video=stream.video, ticks_per_frame=ticks)
        if probe is None:
            return
        if stream.repairs is None and len(self.latencies) < _MOST_LATENCIES:
            self.latencies.append(arrival - probe.sent)
        if stream.owner.watched and self.on_probe is not None:
            self.on_probe(shown, probe, arrival)

    def _original(self, stream: Stream, packet: RtpPacket) -> RtpPacket | None:
        """The packet, or the one that it repeats; None for a probe for bandwidth, which carries nothing."""
        if stream.repairs is None:
            return packet
        if not packet.payload:
            self.counters["padding"] += 1
            return None
        sequence_number, _ = unwrap_rtx(packet.payload)
        if not self.tally.repaired(stream.repairs.number, sequence_number):
            self.counters["repeated-in-vain"] += 1
        return packet._replace(sequence_number=sequence_number, payload_offset=packet.payload_offset + 2)

    def _note_transport_sequences(
        self, rows: NDArray[np.uint8], owners: Packets, arrivals: Packets, at: Packets
    ) -> None:
        """Hand each endpoint that negotiated them the transport-wide numbers of its packets."""
        ids = self._sequence_ids[owners[at]]
        for extension_id in np.unique(ids[ids > 0]).tolist():
            mine = at[ids == extension_id]
            found, values = read_sequence_numbers(rows, mine, extension_id)
            mine = mine[found]
            if not len(mine):
                continue
            # What comes in one batch stands there socket by socket.
            of = owners[mine]
            starts = np.flatnonzero(np.concatenate(([True], of[1:] != of[:-1])))
            groups = np.stack([of[starts], starts], axis=1).tolist()
            self._note_groups(groups, values.tolist(), arrivals[mine].tolist())

    def _note_groups(self, groups: list[list[int]], numbers: list[int], times: list[int]) -> None:
        """Transport-wide numbers and when they came, group by group: whose, and where the group starts."""
        ends = [start for _, start in groups[1:]]
        for (owner, start), end in zip(groups, [*ends, len(numbers)], strict=False):
            endpoint = self.endpoints.get(owner)
            if endpoint is not None:
                endpoint.note_arrivals(numbers[start:end], times[start:end])


def _step(packets: int) -> int:
    """One of so many in a batch is a sample."""
    return max(SAMPLE_EACH, -(-packets // MOST_SAMPLES))


def read_sequence_numbers(
    rows: NDArray[np.uint8], at: Packets, extension_id: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which of the rows `at` have a one-byte header extension of that id and two bytes, and its value there.

    Packets with contributing sources or two-byte headers (RFC 8285 section 4.3) are passed over.
    """
    found = np.zeros(len(at), bool)
    values = np.zeros(len(at), np.int64)
    open_ = ((rows[at, 0] & 0x1F) == 0x10) & (rows[at, 12] == 0xBE) & (rows[at, 13] == 0xDE)
    position = np.full(len(at), 16)
    end = 16 + 4 * (rows[at, 14].astype(np.int64) << 8 | rows[at, 15])
    for _ in range(_MOST_ELEMENTS):
        open_ &= position + 3 <= np.minimum(end, rows.shape[1])
        if not open_.any():
            break
        place = np.where(open_, position, 0)
        head = rows[at, place].astype(np.int64)
        here = open_ & (head == (extension_id << 4 | 1))
        values = np.where(here, rows[at, place + 1].astype(np.int64) << 8 | rows[at, place + 2], values)
        found |= here
        open_ &= ~here
        # A zero byte is padding between elements.
        position = position + np.where(head == 0, 1, (head & 0x0F) + 2)
    return found, values[found]
