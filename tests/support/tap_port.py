"""A tap port whose tap has people with a real voice and a real picture, without a media node behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sfu.link_messages import Kind, Source
from sfu.recording_messages import TapTarget
from sfu.rtp.framing import frame
from sfu.tap.certificate import TapCertificate
from sfu.tap_messages import ControlFrame, TapAccepted, TapClosed, TapRefused, TrackBegan
from tests.support.publishing import NTP_EPOCH, OPUS, VIDEO, Stream, encode_tone, encode_video

TOKEN = "the token of the recorder"
SPAN = 2.0
"""Seconds of media that repeat, with numbers that go on."""


class TapPort:
    """`refusing` lets nobody in. `connections` counts who was let in, `heard` is what recorders said after that."""

    def __init__(self, people: tuple[str, ...]) -> None:
        self.refusing = False
        self.connections = 0
        self.heard: list[bytes] = []
        self._certificate = TapCertificate.generate()
        self._zero = asyncio.get_running_loop().time()
        self._writers: set[asyncio.StreamWriter] = set()
        self._streams: dict[tuple[str, Source], Stream] = {}
        for number, client_id in enumerate(people):
            self._streams[client_id, "camera"] = Stream(VIDEO["VP8"], 10 * number + 1)
            self._streams[client_id, "microphone"] = Stream(OPUS, 10 * number + 2)
        self.server: asyncio.Server

    @property
    def context(self):
        return self._certificate.context

    @property
    def target(self) -> TapTarget:
        port = self.server.sockets[0].getsockname()[1]
        return TapTarget(
            host="127.0.0.1", port=port, fingerprint=self._certificate.fingerprint, tap_id="tap", token=TOKEN
        )

    def now(self) -> float:
        return asyncio.get_running_loop().time() - self._zero

    def cut(self) -> None:
        """Break all connections."""
        for writer in self._writers:
            writer.transport.abort()

    async def say(self, message: ControlFrame) -> None:
        for writer in self._writers:
            writer.write(_told(message))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        if self.refusing:
            writer.write(_told(TapRefused()))
            writer.close()
            return
        self.connections += 1
        self._writers.add(writer)
        writer.write(_told(TapAccepted(at=NTP_EPOCH + self.now())))
        for (client_id, source), stream in self._streams.items():
            kind: Kind = "video" if source == "camera" else "audio"
            began = TrackBegan(
                ssrc=stream.ssrc,
                track_id=f"{client_id}-{source}",
                endpoint_id=client_id,
                source=source,
                kind=kind,
                codec=stream.codec,
            )
            writer.write(_told(began))
        with suppress(ConnectionError):
            while said := await reader.read(1024):
                self.heard.append(said)

    async def publish(self) -> None:
        """To whoever is connected, in real time."""
        frames = encode_video("VP8", 40, 160, 90)
        tones = {stream: encode_tone(SPAN, 440 * (1 + place)) for place, stream in enumerate(self._voices())}
        begin = self.now()
        while True:
            for source in self._streams.values():
                self._write(source.report(self.now()).to_bytes())
            sent = [one for stream, tone in tones.items() for one in stream.audio(tone, begin)]
            for (_, source), stream in self._streams.items():
                sent += stream.video(frames, begin) if source == "camera" else []
            for one in sorted(sent, key=lambda one: one.at):
                if (wait := one.at - self.now()) > 0:
                    await asyncio.sleep(wait)
                self._write(one.packet.data)
            begin += SPAN

    def _voices(self) -> list[Stream]:
        return [stream for (_, source), stream in self._streams.items() if source == "microphone"]

    def _write(self, data: bytes) -> None:
        for writer in list(self._writers):
            if writer.is_closing():
                self._writers.discard(writer)
            else:
                writer.write(frame(data))


@asynccontextmanager
async def tap_port(*people: str) -> AsyncIterator[TapPort]:
    """Of `people` by client id, ada alone when nobody is named; the first has a tone of 440 Hz, the second of 880."""
    port = TapPort(people or ("ada",))
    port.server = await asyncio.start_server(port.serve, "127.0.0.1", 0, ssl=port.context)
    publishing = asyncio.create_task(port.publish())
    try:
        yield port
    finally:
        publishing.cancel()
        with suppress(asyncio.CancelledError):
            await publishing
        port.cut()
        port.server.close()


def bye() -> TapClosed:
    return TapClosed()


def _told(message: ControlFrame) -> bytes:
    return frame(message.model_dump_json().encode())
