"""VP9: the payload format of RFC 9628."""

from collections.abc import Sequence

from recorder.depacketise.frame import DepacketiseError, Frame
from sfu.codecs import CodecError, PayloadInfo, vp9

_MAX_LAYERS = 8
_INDEX_MARKER = 0b110 << 5


def join_vp9(payloads: Sequence[bytes]) -> Frame:
    """The picture without its payload descriptors. Raises DepacketiseError.

    Several spatial layers make one superframe (VP9 bitstream specification, annex B). libvpx shows the highest layer
    of it, FFmpeg's own decoder one picture after another with the same time: its users take the last.
    """
    try:
        infos = [vp9.describe(payload) for payload in payloads]
    except CodecError as error:
        raise DepacketiseError(str(error)) from error
    first = infos[0]
    if not first.starts_frame:
        raise DepacketiseError("a VP9 picture whose start is missing")
    layers = _split_layers(payloads, infos)
    data = layers[0] if len(layers) == 1 else _superframe(layers)
    return Frame(data, first.keyframe, first.width, first.height)


def _split_layers(payloads: Sequence[bytes], infos: Sequence[PayloadInfo]) -> list[bytes]:
    layers: list[list[bytes]] = []
    spatial_id = -1
    for payload, info in zip(payloads, infos, strict=True):
        if info.starts_frame:
            if info.spatial_id <= spatial_id:
                raise DepacketiseError("two VP9 pictures with one timestamp")
            spatial_id = info.spatial_id
            layers.append([])
        elif info.spatial_id != spatial_id:
            raise DepacketiseError("a VP9 layer whose start is missing")
        layers[-1].append(payload[info.descriptor_size :])
    return [b"".join(parts) for parts in layers]


def _superframe(layers: list[bytes]) -> bytes:
    """The layers' frames followed by the index that tells their sizes."""
    longest = max(len(layer) for layer in layers)
    size = (longest.bit_length() + 7) // 8 or 1
    if len(layers) > _MAX_LAYERS or size > 4:
        raise DepacketiseError("a VP9 picture with more or larger layers than a superframe holds")
    marker = bytes((_INDEX_MARKER | size - 1 << 3 | len(layers) - 1,))
    sizes = b"".join(len(layer).to_bytes(size, "little") for layer in layers)
    return b"".join(layers) + marker + sizes + marker
