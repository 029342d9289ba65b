"""H.264: the payload format of RFC 6184 in packetisation modes 0 and 1."""

from collections.abc import Iterator, Sequence

from recorder.depacketise.frame import DepacketiseError, Frame
from sfu.codecs import CodecError, h264
from sfu.codecs.bits import BitReader

_IDR_SLICE = 5
_SPS = 7
_PPS = 8
_LEFT_OUT = frozenset((9, 12))
"""Access unit delimiters and filler data, which Matroska does without."""
_STAP_A = 24
_FU_A = 28
_FU_START = 0x80
_FU_END = 0x40
_MAX_SETS = 31
_MAX_SET_SIZE = 512
# Profiles whose avcC tells chroma format and depths (ISO/IEC 14496-15 section 5.3.3.1.2).
_HIGH_PROFILES = frozenset((100, 110, 122, 144, 244))


def join_h264(payloads: Sequence[bytes]) -> Frame:
    """The access unit, each NAL unit preceded by its size in four bytes. Raises DepacketiseError.

    Parameter sets stay where they are, so that they may change from keyframe to keyframe. An IDR picture counts as a
    keyframe only with its own parameter sets: without them a decoder could not start there.
    """
    try:
        units = [unit for unit in _units(payloads) if unit[0] & 0x1F not in _LEFT_OUT]
        if not units:
            raise DepacketiseError("an H.264 access unit without NAL units")
        sps = [unit for unit in units if unit[0] & 0x1F == _SPS]
        pps = [unit for unit in units if unit[0] & 0x1F == _PPS]
        data = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
        if not (sps and pps and any(unit[0] & 0x1F == _IDR_SLICE for unit in units)):
            return Frame(data, keyframe=False)
        info = h264.describe(sps[0])
        return Frame(data, True, info.width, info.height, _avc_configuration(sps, pps))
    except CodecError as error:
        raise DepacketiseError(str(error)) from error


def _units(payloads: Sequence[bytes]) -> Iterator[bytes]:
    """The NAL units of single NAL unit packets, aggregation packets and fragmentation units (RFC 6184 section 5)."""
    fragments: list[bytes] = []
    for payload in payloads:
        kind = payload[0] & 0x1F
        if fragments and kind != _FU_A:
            raise DepacketiseError("an H.264 NAL unit whose last fragment is missing")
        if kind == _STAP_A:
            yield from h264.aggregated_units(payload)
        elif kind == _FU_A:
            if len(payload) < 3:
                raise DepacketiseError("an H.264 fragment is cut off")
            if bool(payload[1] & _FU_START) == bool(fragments):
                raise DepacketiseError("an H.264 fragment out of order")
            if not fragments:
                fragments.append(bytes((payload[0] & 0xE0 | payload[1] & 0x1F,)))
            fragments.append(payload[2:])
            if payload[1] & _FU_END:
                yield b"".join(fragments)
                fragments = []
        elif 0 < kind < _STAP_A:
            yield payload
        else:
            raise DepacketiseError(f"H.264 packetisation type {kind} is of the interleaved mode, or undefined")
    if fragments:
        raise DepacketiseError("an H.264 NAL unit whose last fragment is missing")


def _avc_configuration(sps: list[bytes], pps: list[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1.2)."""
    if len(sps) > _MAX_SETS or len(pps) > _MAX_SETS or len(sps[0]) < 4:
        raise DepacketiseError("H.264 parameter sets that no avcC holds")
    if sum(map(len, sps + pps)) > _MAX_SET_SIZE:
        raise DepacketiseError("H.264 parameter sets of a size that no encoder makes")
    # The four bytes of a size, then the number of sets; reserved bits are ones.
    parts = [b"\x01", sps[0][1:4], bytes((0xFC | 3, 0xE0 | len(sps)))]
    parts += [len(unit).to_bytes(2, "big") + unit for unit in sps]
    parts.append(bytes((len(pps),)))
    parts += [len(unit).to_bytes(2, "big") + unit for unit in pps]
    if sps[0][1] in _HIGH_PROFILES:
        chroma_format, luma_depth, chroma_depth = _sample_format(sps[0])
        parts.append(bytes((0xFC | chroma_format, 0xF8 | luma_depth, 0xF8 | chroma_depth, 0)))
    return b"".join(parts)


def _sample_format(sps: bytes) -> tuple[int, int, int]:
    """chroma_format_idc and the bit depths less 8 of a high profile's SPS (ITU-T H.264 section 7.3.2.1.1)."""
    bits = BitReader(sps[4:24].replace(b"\0\0\3", b"\0\0"))
    bits.exp_golomb()  # seq_parameter_set_id
    chroma_format = bits.exp_golomb()
    if chroma_format == 3:
        bits.skip(1)
    luma_depth, chroma_depth = bits.exp_golomb(), bits.exp_golomb()
    if chroma_format > 3 or luma_depth > 6 or chroma_depth > 6:
        raise DepacketiseError("an H.264 sequence parameter set with an unknown sample format")
    return chroma_format, luma_depth, chroma_depth
