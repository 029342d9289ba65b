"""What a large room costs the media node beside forwarding: its ticks, its decisions, and the longest single stall.

    python -m bench.large_room --participants 1000 --publishers 6

One process, no client: ICE and DTLS are left out, and what is sent goes to a socket that nobody reads. The clock is
the bench's own: a simulated second is a hundred calls of `MediaNode.tick`. All times are CPU time, so that a busy
machine does not matter. Publishers send little, as forwarding has its own bench.
"""

import argparse
import asyncio
import gc
import resource
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pylibsrtp import Policy

from bench.client.traffic import AUDIO_LEVEL_ID, MID_ID, AudioTraffic, Burst, VideoTraffic
from sfu import garbage
from sfu.dtls import Certificate
from sfu.link_messages import Codec, Fingerprint, Ice, NodeMessage, PutRouter, PutTransport, Slot, Track
from sfu.metrics import Counters
from sfu.native.intake import NativeIntake
from sfu.node import TICK, MediaNode
from sfu.srtp import SrtpKeys, SrtpReceiver, SrtpSender
from sfu.transport.mux import Mux
from sfu.transport.transport import Transport

KEYS = SrtpKeys(Policy.SRTP_PROFILE_AEAD_AES_128_GCM, bytes(range(28)), bytes(range(28)))
OPUS = Codec(format="opus", name="opus", payload_type=111, clock_rate=48000)
VP8 = Codec(format="VP8", name="VP8", payload_type=96, clock_rate=90000, rtx_payload_type=97)
AUDIO_SLOTS, VIDEO_SLOTS, SCREEN_SLOTS = 4, 16, 1
CAMERA = Burst(packets=1, interval=0.1)


class Unread:
    """Takes the place of the shared port: transports are connected at once, and send into the void."""

    def __init__(self) -> None:
        self.now = time.monotonic
        self.sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sink.bind(("127.0.0.1", 0))
        self.sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def read_by(self, intake: NativeIntake) -> None:
        """Nothing comes by the port."""

    def add(self, transport: Transport) -> None:
        transport.srtp = SrtpSender(KEYS)
        transport.receiver = SrtpReceiver(KEYS, lambda name: None)
        transport.remote, transport.socket = self.sink.getsockname(), self.socket
        transport.connected = True

    def send(self, path: tuple[str, int], data: bytes) -> None:
        self.socket.sendto(data, path)

    def left(self, transport: Transport, closing: "asyncio.Task[None] | None") -> None:
        """Nothing is kept of transports."""


@dataclass
class Spent:
    """Seconds of CPU that ticks took, and packets with what followed from them at once; the link's messages."""

    steps: list[float] = field(default_factory=list)
    packets: float = 0.0
    longest_packets: float = 0.0
    messages: int = 0
    octets: int = 0

    def told(self, message: NodeMessage) -> None:
        self.messages += 1
        self.octets += len(message.model_dump_json())

    def line(self, what: str, seconds: float) -> str:
        control = sum(self.steps) / seconds
        return (
            f"{what:<34} {control * 1e3:8.1f} ms/s, longest {max(self.steps) * 1e3:7.2f} ms; "
            f"packets {self.packets / seconds * 1e3:7.1f} ms/s, longest {self.longest_packets * 1e3:6.2f} ms; "
            f"link {self.messages:5} messages, {self.octets:9} bytes"
        )


class Room:
    """A router of `participants`, of whom the first `publishers` send a microphone and a camera."""

    def __init__(self, participants: int, publishers: int) -> None:
        self.now = 1000.0
        self.spent = Spent()
        self.node = MediaNode(Certificate.generate(), Counters(), self._tell, clock=lambda: self.now)
        mux: Mux = Unread()  # type: ignore[assignment]  # has what the node and its transports need of one
        self._mux = mux
        self.node.bind(mux)
        self.node.obey(PutRouter(request_id=0, router_id="r"))
        self.transports: list[Transport] = []
        self.voices = [AudioTraffic(number, 10_000 + number, "0", seed=1) for number in range(publishers)]
        self.cameras = [
            VideoTraffic(number, 20_000 + number, 30_000 + number, "1", CAMERA, seed=1) for number in range(publishers)
        ]
        self.joined = 0
        self.ticks = 0
        for _ in range(participants):
            self.join()

    def join(self) -> None:
        number = self.joined
        self.joined += 1
        added: list[Transport] = []
        add = self._mux.add
        self._mux.add = lambda transport: (added.append(transport), add(transport))  # type: ignore[method-assign,assignment,func-returns-value]
        reply = self.node.obey(parameters(number, publishes=number < len(self.voices)))
        self._mux.add = add  # type: ignore[method-assign]
        assert reply.error is None, reply.detail
        self.transports += added
        self.node.connected(added[0])
        garbage.put_aside()

    def _tell(self, message: NodeMessage) -> None:
        self.spent.told(message)

    def step(self, call: Callable[[], None]) -> None:
        began = time.thread_time()
        call()
        self.spent.steps.append(time.thread_time() - began)

    def run(self, seconds: float, *, talker: int | None) -> Spent:
        """Let time pass. `talker` speaks, all other publishers are silent; None: nobody sends anything."""
        spent = self.spent = Spent()
        for _ in range(round(seconds / TICK)):
            self.now += TICK
            self.ticks += 1
            if talker is not None:
                self._turn(partial(self.publish, self.ticks, talker))
            self.step(self.node.tick)
            self.step(garbage.put_aside)
        return spent

    def _turn(self, call: Callable[[], None]) -> None:
        """A turn of the media loop, and those that follow because not all is sent in one."""
        waiting = 1
        while waiting:
            began = time.thread_time()
            call()
            waiting = self.node.batch_done()
            took = time.thread_time() - began
            self.spent.packets += took
            self.spent.longest_packets = max(self.spent.longest_packets, took)
            call = do_nothing

    def publish(self, tick: int, talker: int) -> None:
        """The talker's voice each 20 ms, that of others each 400 ms; of each camera one packet each 100 ms."""
        for number, (voice, camera) in enumerate(zip(self.voices, self.cameras, strict=True)):
            talks = number == talker
            if tick % (2 if talks else 40) == 0:
                voice.level = voice.talking if talks else voice.silent
                self.receive(number, voice.packet(0, 0))
            if tick % 10 == number % 10:
                camera.keyframe_wanted = tick % 50 == number % 50
                for packet in camera.frame(0, 0):
                    self.receive(number, packet)

    def receive(self, number: int, packet: bytes) -> None:
        self.node.rtp(self.transports[number], packet, self.now)


def do_nothing() -> None:
    """Nothing came."""


def parameters(number: int, *, publishes: bool) -> PutTransport:
    extensions = {"mid": MID_ID, "audio-level": AUDIO_LEVEL_ID}
    microphone = Track(
        track_id=f"m{number}", mid="0", source="microphone", kind="audio", codecs=(OPUS,), extensions=extensions
    )
    camera = Track(track_id=f"c{number}", mid="1", source="camera", kind="video", codecs=(VP8,), extensions=extensions)
    ssrc = 100_000 + 100 * number
    slots = [
        Slot(
            slot_id=f"{use}{index}",
            mid=f"{use}{index}",
            use=use,
            index=index,
            ssrc=ssrc + 2 * position,
            rtx_ssrc=None if use == "audio" else ssrc + 2 * position + 1,
            codecs=(OPUS if use == "audio" else VP8,),
            extensions={"mid": 3},
        )
        for position, (use, index) in enumerate(
            [("audio", index) for index in range(AUDIO_SLOTS)]
            + [("video", index) for index in range(VIDEO_SLOTS)]
            + [("screen", index) for index in range(SCREEN_SLOTS)]
        )
    ]
    return PutTransport.model_validate(
        {
            "request_id": 0,
            "router_id": "r",
            "transport_id": f"t{number}",
            "endpoint_id": f"e{number:016}",
            "ice": Ice(local_ufrag=f"local{number}", local_pwd="x" * 22, remote_ufrag="efgh"),
            "fingerprints": (Fingerprint(algorithm="sha-256", value=":".join(["00"] * 32)),),
            "tracks": (microphone, camera) if publishes else (),
            "slots": slots,
        }
    )


def resident() -> int:
    """Bytes of memory that the process uses."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def stalls_of_the_collector(room: Room) -> list[float]:
    """Seconds of each collection while participants come and go."""
    began = [0.0]
    took: list[float] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            began[0] = time.thread_time()
        else:
            took.append(time.thread_time() - began[0])

    gc.callbacks.append(note)
    for _ in range(200):
        room.join()
        room.run(0.05, talker=0)
    gc.callbacks.remove(note)
    return took


async def measure(participants: int, publishers: int, seconds: float) -> None:
    garbage.tame()
    before = resident()
    began = time.thread_time()
    room = Room(participants, publishers)
    print(f"{participants} join: {(time.thread_time() - began) / participants * 1e3:.2f} ms each")
    print(f"memory: {(resident() - before) / participants / 1024:.0f} KiB each")
    lines: list[tuple[str, Callable[[], Spent], float]] = [
        ("nobody sends", lambda: room.run(seconds, talker=None), seconds),
        ("publishers begin", lambda: room.run(1.0, talker=0), 1.0),
        ("one talks", lambda: room.run(seconds, talker=0), seconds),
        ("another talks", lambda: room.run(1.0, talker=min(1, publishers - 1)), 1.0),
    ]
    for what, run, over in lines:
        print(run().line(what, over), flush=True)
    print(joining(room).line("20 join in a second", 1.0), flush=True)
    took: Sequence[float] = stalls_of_the_collector(room)
    print(f"collector: {len(took)} times, longest {max(took, default=0.0) * 1e3:.2f} ms")


def joining(room: Room) -> Spent:
    total = Spent()
    for _ in range(20):
        began = time.thread_time()
        room.join()
        total.steps.append(time.thread_time() - began)
        spent = room.run(0.05, talker=0)
        total.steps += spent.steps
        total.packets += spent.packets
        total.longest_packets = max(total.longest_packets, spent.longest_packets)
        total.messages += spent.messages
        total.octets += spent.octets
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=1000)
    parser.add_argument("--publishers", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=3.0)
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.participants, arguments.publishers, arguments.seconds))


if __name__ == "__main__":
    main()
