"""The process of a media node."""

import asyncio
import time

import structlog
import uvloop

from sfu import garbage
from sfu.addresses import bind_hosts, candidates
from sfu.dtls import Certificate
from sfu.link import Link
from sfu.link_messages import COMMANDS, Command, Hello, NodeLoad, NodeMessage
from sfu.metrics import Counters, CpuMeter, DelayMeter
from sfu.node import TICK, MediaNode
from sfu.options import NodeOptions
from sfu.process import until_stopped
from sfu.tap.listener import TapListener
from sfu.transport.mux import Mux

LOAD_PERIOD = 2.0

log = structlog.get_logger()


def run(options: NodeOptions) -> None:
    """Run a media node until SIGINT or SIGTERM. Raises OSError or ValueError if it cannot start."""
    uvloop.run(serve(options))


async def serve(options: NodeOptions) -> None:
    counters = Counters()
    delays = DelayMeter()

    def took(seconds: float) -> None:
        delays.add(seconds, time.thread_time())

    certificate = Certificate.generate()
    node = MediaNode(certificate, counters, tell=lambda message: link.send(message))
    hosts = bind_hosts(options.media_host)
    mux = await Mux.open(node, counters.count, hosts=hosts, port=options.media_port, took=took)
    node.bind(mux)
    taps = await TapListener.open(
        options.tap_host, options.tap_port, admit=node.taps.admit, count=counters.count, clock=time.monotonic
    )
    announced = candidates(options.public_addresses, hosts, mux.port)

    def hello() -> Hello:
        node.forget_empty_routers()
        return Hello(
            node_id=options.node_id,
            zone=options.zone,
            candidates=announced,
            fingerprint=certificate.fingerprint,
            transports=node.transport_ids,
            tap=taps.address,
            taps=node.taps.ids,
        )

    link: Link[NodeMessage, Command] = Link(
        options.link_url,
        options.link_secret,
        commands=COMMANDS,
        hello=hello,
        state=node.state,
        obey=node.obey,
        took=took,
    )
    log.info(
        "media port open",
        port=mux.port,
        addresses=sorted({candidate.ip for candidate in announced}),
        packet_path="compiled" if node.is_compiled else "python",
    )
    garbage.tame()
    tasks = [asyncio.create_task(link.run()), asyncio.create_task(_drive(node, mux, link, counters, delays))]
    try:
        await until_stopped(tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        node.taps.close()
        await taps.close()
        await mux.close()


async def _drive(
    node: MediaNode, mux: Mux, link: Link[NodeMessage, Command], counters: Counters, delays: DelayMeter
) -> None:
    """Tick, and report the load."""
    loop = asyncio.get_running_loop()
    meter = CpuMeter(time.monotonic())
    due = reported = loop.time()
    keeper = garbage.Keeper(garbage.resident())
    while True:
        due = max(due + TICK, loop.time())
        await asyncio.sleep(due - loop.time())
        # How late a tick comes is how long a packet may have waited; how long it takes, how long the next has to.
        began = loop.time()
        delays.add(began - due, time.thread_time())
        node.tick()
        mux.go_on()
        delays.add(loop.time() - began, time.thread_time())
        # Packets that came meanwhile go first.
        await asyncio.sleep(0)
        began = loop.time()
        garbage.put_aside()
        delays.add(loop.time() - began, time.thread_time())
        if loop.time() - reported >= LOAD_PERIOD:
            reported = loop.time()
            totals, transports = counters.totals(), len(node.transport_ids)
            received = totals.get("packets-received", 0)
            if keeper.look(transports=transports, packets=received, memory=garbage.resident()):
                garbage.collect_all()
                keeper.collected(garbage.resident())
            link.send(
                NodeLoad(
                    transports=transports,
                    taps=node.taps.connected,
                    cpu=meter.read(time.monotonic()),
                    loop_delay=delays.worst(),
                    loop_delays=delays.totals(),
                    longest_turn=delays.longest_turn(),
                    compiled=node.is_compiled,
                    counters=totals,
                )
            )
