import av
import pytest

from recorder import encoders
from recorder.composite.errors import CompositeError
from recorder.composite.planes import fill, new_frame, planes_of
from recorder.encoders import ENCODERS, choose, why_not
from recorder.layouts import Size

SIZE = Size(640, 360)


def test_the_first_that_works_is_chosen():
    def works(name: str, size: Size) -> str | None:
        return None if name in ("h264_amf", "libx264") else "no such device"

    assert choose(SIZE, works=works).name == "h264_amf"
    assert choose(SIZE, "libx264", works=works).name == "libx264"


def test_the_wanted_one_is_not_replaced_by_another():
    with pytest.raises(CompositeError, match=r"h264_nvenc \(no such device\)") as caught:
        choose(SIZE, "h264_nvenc", works=lambda name, size: "no such device" if name == "h264_nvenc" else None)
    assert caught.value.code == "no-encoder"


def test_an_unknown_name_is_told_what_there_is():
    with pytest.raises(CompositeError, match="h264_nvenc, h264_qsv, h264_amf, libx264"):
        choose(SIZE, "h265")


def test_libx264_really_opens_here():
    assert why_not("libx264", SIZE) is None


def test_what_this_host_chooses_encodes_a_frame():
    assert why_not(choose(SIZE).name, SIZE) is None


def test_a_size_that_no_encoder_takes_is_a_reason_not_a_crash():
    assert why_not("libx264", Size(0, 0))


def test_software_comes_last():
    assert [encoder.name for encoder in ENCODERS][-1] == "libx264"
    assert encoders.VP8 not in ENCODERS


def test_a_prompt_encoder_gives_each_picture_at_once():
    encoder = encoders.choose_prompt(SIZE, "h264_of_another_host")
    assert encoder.name == "libx264"
    context = av.CodecContext.create(encoder.name, "w")
    encoders.configure(context, encoder, SIZE)
    for number in range(3):
        frame = new_frame(SIZE)
        fill(planes_of(frame), (0, 0, 0))
        frame.pts = number
        assert [packet.pts for packet in context.encode(frame)] == [number]
