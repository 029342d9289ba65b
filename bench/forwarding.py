"""CPU per forwarded packet: one publisher, many subscribers, real UDP and real encryption, one process.

    python -m bench.forwarding --subscribers 50 --burst 20

Everything that the node does for a packet is counted, from the decryption of what the publisher sent to the kernel's
work in `sendmsg`; ICE and DTLS are left out. A second process reads what arrives, on the other core.
"""

import argparse
import multiprocessing
import os
import select
import socket
import time
from multiprocessing.connection import Connection

from pylibsrtp import Policy

from sfu.forwarding.compiled_flush import CompiledFlush
from sfu.forwarding.flush import Flush
from sfu.forwarding.packet_path import PacketPath, kernel_has_segmentation
from sfu.forwarding.plain_flush import PlainFlush
from sfu.forwarding.router import Router
from sfu.link_messages import Codec, Fingerprint, Ice, PutRouter, PutTransport, Slot, Track
from sfu.metrics import Counters
from sfu.native import is_built
from sfu.srtp import SrtpKeys, SrtpReceiver, SrtpSender

VP8 = Codec(format="VP8", name="VP8", payload_type=96, clock_rate=90000, rtx_payload_type=97)
KEYS = SrtpKeys(Policy.SRTP_PROFILE_AEAD_AES_128_GCM, bytes(range(28)), bytes(range(28)))
PAYLOAD = 1100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=50)
    parser.add_argument("--burst", type=int, default=20, help="packets of one video frame, read in one wake-up")
    parser.add_argument("--packets", type=int, default=20_000, help="packets that the publisher sends")
    parser.add_argument("--no-segmentation", action="store_true", help="one sendto per packet")
    parser.add_argument("--plain", action="store_true", help="the flush in Python, even if the compiled one is there")
    arguments = parser.parse_args()
    rounds = [measure(arguments) for _ in range(3)]
    costs = sorted(cost for cost, _ in rounds)
    print(
        f"{arguments.subscribers} subscribers, bursts of {arguments.burst}: "
        f"{costs[1]:.2f} µs of CPU per forwarded packet (of three rounds: {costs[0]:.2f} to {costs[2]:.2f}); "
        f"{min(share for _, share in rounds):.1%} or more arrived"
    )


def measure(arguments: argparse.Namespace) -> tuple[float, float]:
    """µs of CPU per forwarded packet, and the share of packets that arrived."""
    ours, theirs = multiprocessing.Pipe()
    sink = multiprocessing.Process(target=drain, args=(theirs, arguments.subscribers), daemon=True)
    sink.start()
    addresses = ours.recv()
    counters = Counters()
    path = PacketPath(counters.count, flush=flush_of(arguments))
    router = Router(PutRouter(request_id=0, router_id="r"), path, count=counters.count, tell=lambda message: None)
    publisher = router.put_transport(transport("publisher", tracks=(camera(),)), 0.0)
    socket_out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for number, address in enumerate(addresses):
        peer = router.put_transport(transport(f"subscriber{number}", slots=(slot(number),)), 0.0)
        peer.egress.protect_with(SrtpSender(KEYS))
        peer.egress.send_to(socket_out, address)
    router.refresh(0.0)
    # The first packet makes the track known; slots are filled a few at a time, and wait for the keyframe that follows.
    publisher.ingress.receive(packet(-1, 0, bytes([0x90, 0xE0, 0x80, 0, 0, 0x20]), b"\x01\x00\x00", 0), 0.5)
    for tick in range(arguments.subscribers):
        router.tend(0.5 + tick / 100)
    path.flush()
    incoming = SrtpReceiver(KEYS, counters.count)
    bursts = protected_bursts(arguments.packets, arguments.burst)
    spent = 0.0
    for burst in bursts:
        started = time.process_time()
        for datagram in burst:
            data = incoming.unprotect_rtp(datagram)
            if data is not None:
                publisher.ingress.receive(data, 1.0)
        path.flush()
        used = time.process_time() - started
        spent += used
        time.sleep(used)  # leaves the reader time, as a node at half load does
    ours.send("done")
    received = ours.recv()
    sink.join()
    path.report()
    forwarded = counters.totals()["packets-forwarded"]
    return spent / forwarded * 1e6, received / forwarded


def flush_of(arguments: argparse.Namespace) -> Flush:
    segmentation = not arguments.no_segmentation and kernel_has_segmentation()
    return PlainFlush(segmentation) if arguments.plain or not is_built() else CompiledFlush(segmentation)


def protected_bursts(packets: int, burst: int) -> list[list[bytes]]:
    sender = SrtpSender(KEYS)
    descriptor = bytes([0x90, 0xE0])
    bursts = []
    for first in range(0, packets, burst):
        frame = first // burst
        head = descriptor + (frame & 0x7FFF | 0x8000).to_bytes(2, "big") + bytes([frame & 0xFF, 0x20])
        keyframe = b"\x00\x00\x00\x9d\x01\x2a\x00\x05\xd0\x02" if frame == 0 else b"\x01\x00\x00"
        bursts.append(
            [sender.protect_rtp(packet(first + index, frame, head, keyframe, index)) for index in range(burst)]
        )
    return bursts


def packet(number: int, frame: int, head: bytes, keyframe: bytes, index: int) -> bytes:
    if index:
        head = bytes([0x80]) + head[1:]
    header = bytes([0x80, 96]) + (number & 0xFFFF).to_bytes(2, "big") + (frame * 3000).to_bytes(4, "big")
    return (header + (7).to_bytes(4, "big") + head + (keyframe if index == 0 else b"")).ljust(PAYLOAD, b"x")


def transport(name: str, tracks: tuple[Track, ...] = (), slots: tuple[Slot, ...] = ()) -> PutTransport:
    return PutTransport(
        request_id=0,
        router_id="r",
        transport_id=name,
        endpoint_id=name,
        ice=Ice(local_ufrag="abcd", local_pwd="x" * 22, remote_ufrag="efgh"),
        fingerprints=(Fingerprint(algorithm="sha-256", value=":".join(["00"] * 32)),),
        tracks=tracks,
        slots=slots,
    )


def camera() -> Track:
    return Track(track_id="c", mid="0", source="camera", kind="video", codecs=(VP8,), extensions={}, ssrcs=(7,))


def slot(number: int) -> Slot:
    ssrc = 1000 + 2 * number
    return Slot(slot_id="v0", mid="0", use="video", index=0, ssrc=ssrc, rtx_ssrc=ssrc + 1, codecs=(VP8,), extensions={})


def drain(connection: Connection, number: int) -> None:
    """Read everything that comes to `number` sockets until told to stop; answers with the number of packets."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(number)]
    poll = select.epoll()
    by_descriptor = {}
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        poll.register(sock, select.EPOLLIN)
        by_descriptor[sock.fileno()] = sock
    poll.register(connection.fileno(), select.EPOLLIN)
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    connection.send([sock.getsockname() for sock in sockets])
    received = 0
    buffer = bytearray(2048)
    stopping = False
    while True:
        ready = poll.poll(0.2 if stopping else None)
        if stopping and not ready:
            connection.send(received)
            return
        for descriptor, _ in ready:
            if descriptor == connection.fileno():
                connection.recv()
                stopping = True
                poll.unregister(descriptor)
                continue
            try:
                while True:
                    by_descriptor[descriptor].recv_into(buffer)
                    received += 1
            except BlockingIOError:
                continue


if __name__ == "__main__":
    main()
