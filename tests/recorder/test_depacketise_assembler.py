from recorder.depacketise import assembler_for
from tests.support.packetisers import packetise_vp8

KEYFRAME = b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xb4\x00" + bytes(40)
DELTA = b"\x11\x02\x00" + bytes(30)


def push(assembler, frame, timestamp, *, marker=True, without=()):
    """The timestamp and the keyframe flag of the frame that came out, if one did."""
    done = []
    payloads = packetise_vp8(frame, timestamp, 15)
    for index, payload in enumerate(payloads):
        if index in without:
            assembler.gap()
            continue
        joined = assembler.push(timestamp, marker and index == len(payloads) - 1, payload)
        if joined is not None:
            done.append((timestamp, joined.keyframe))
    return done


def test_nothing_comes_out_before_a_keyframe_which_is_asked_for():
    assembler = assembler_for("VP8")
    assert assembler.keyframe_wanted
    assert push(assembler, DELTA, 1) == []
    assert push(assembler, KEYFRAME, 2) == [(2, True)]
    assert not assembler.keyframe_wanted
    assert push(assembler, DELTA, 3) == [(3, False)]
    assert assembler.counts.undecodable == 1


def test_a_picture_that_was_cut_off_by_the_next_is_left_out():
    assembler = assembler_for("VP8")
    push(assembler, KEYFRAME, 1)
    assert push(assembler, DELTA, 2, marker=False) == []
    assert push(assembler, KEYFRAME, 3) == [(3, True)]
    assert push(assembler, DELTA, 4, marker=False) == []
    assert push(assembler, DELTA, 5) == []
    assert assembler.keyframe_wanted
    assert (assembler.counts.broken, assembler.counts.undecodable) == (2, 1)


def test_after_a_missing_packet_frames_are_left_out_until_a_keyframe():
    for missing in range(3):
        assembler = assembler_for("VP8")
        push(assembler, KEYFRAME, 1)
        assert push(assembler, DELTA, 2, without=(missing,)) == []
        assert assembler.keyframe_wanted
        assert push(assembler, DELTA, 3) == []
        assert push(assembler, KEYFRAME, 4, without=(0,)) == []
        assert push(assembler, KEYFRAME, 5) == [(5, True)]


def test_a_malformed_frame_counts_as_a_missing_one():
    assembler = assembler_for("VP8")
    push(assembler, KEYFRAME, 1)
    assert assembler.push(2, True, b"\x80") is None
    assert assembler.keyframe_wanted
    assert assembler.counts.broken == 1


def test_padding_is_no_part_of_a_frame():
    assembler = assembler_for("VP8")
    *first, last = packetise_vp8(KEYFRAME, 1, 15)
    assert all(assembler.push(1, False, payload) is None for payload in first)
    assert assembler.push(9, False, b"") is None
    assert assembler.push(1, True, last).data == KEYFRAME


def test_a_frame_that_never_ends_is_given_up():
    assembler = assembler_for("VP8")
    for _ in range(9):
        assembler.push(1, False, bytes(1_000_000))
    assert assembler.counts.broken == 1


def test_sound_goes_on_at_once_after_a_gap():
    assembler = assembler_for("opus")
    assert not assembler.keyframe_wanted
    assembler.gap()
    assert assembler.push(960, False, b"\xfcx").data == b"\xfcx"
    assert not assembler.keyframe_wanted
    assert assembler.push(1920, False, b"\xff") is None
    assert assembler.push(2880, False, b"\xfcy").data == b"\xfcy"
