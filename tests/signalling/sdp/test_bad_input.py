"""Whatever the text is: a typed answer or an SdpError, and what is answered can be read."""

from hypothesis import given
from hypothesis import strategies as st

from signalling.sdp import USES, MediaUse, Negotiated, SdpError, answer, parse_offer
from signalling.sdp.parser import parse_description
from tests.signalling.sdp.offers import NAMES, local_end, offer_text

REAL = {name: offer_text(name).split("\r\n") for name in NAMES}
ATTRIBUTES = sorted({line.split(":")[0] for lines in REAL.values() for line in lines if line.startswith("a=")})
# What breaks grammars: numbers out of range or of other scripts, separators, control characters, lone surrogates.
PIECES = ["", " ", ":", ";", "/", ",", "~", "=", "-1", "0", "15", "128", "65536", "4294967296", "9" * 5000, "٣", "²"]
PIECES += ["\r", "\0", "\x0b", "\x85", "\u2028", "\ud800", "BUNDLE", "FID", "recv", "send", "apt=96", "sha-256", "*"]


def serve(text: str, wanted: list[MediaUse]) -> Negotiated | None:
    """Parse and answer twice; None when one of these raised SdpError. Any other exception is a bug."""
    local = local_end()
    try:
        offer = parse_offer(text)
        first = answer(offer, wanted, local)
        second = answer(offer, wanted, local, first)
    except SdpError as error:
        assert error.code
        assert error.sentence.isprintable()
        return None
    assert parse_answer(first) == parse_answer(second)
    assert first.slots == second.slots
    assert first.tracks == second.tracks
    return first


def parse_answer(negotiated: Negotiated) -> list[tuple[str, str, int]] | str:
    negotiated.sdp.encode()
    try:
        description = parse_description(negotiated.sdp)
    except SdpError as error:
        # Nothing at all could be served.
        assert error.code == "no-media"
        return error.code
    return [(section.kind, section.mid, section.port) for section in description.media]


@given(st.text())
def test_random_text(text: str) -> None:
    assert serve(text, []) is None


@given(st.lists(st.builds("{}={}".format, st.sampled_from("vosmacibtkz"), st.text()), max_size=20))
def test_random_lines(lines: list[str]) -> None:
    assert serve("\r\n".join(["v=0", "o=- 1 1 IN IP4 0", *lines]), []) is None


@st.composite
def mutated_offers(draw: st.DrawFn) -> str:
    """A real offer with a few lines dropped, doubled, moved, changed inside, or of random content."""
    lines = list(REAL[draw(st.sampled_from(["chromium-lean", "chromium-publish-only", "firefox", "aiortc"]))])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        change = draw(st.sampled_from(["drop", "double", "move", "splice", "cut", "attribute", "replace"]))
        line = lines[at]
        if change == "drop" and len(lines) > 1:
            del lines[at]
        elif change == "double":
            lines.insert(at, line)
        elif change == "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
        elif change == "splice":
            inside = draw(st.integers(0, len(line)))
            lines[at] = line[:inside] + draw(st.sampled_from(PIECES)) + line[inside + draw(st.integers(0, 3)) :]
        elif change == "cut":
            lines[at] = line[: draw(st.integers(0, len(line)))]
        elif change == "attribute":
            words = draw(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=4))
            lines.insert(at, f"{draw(st.sampled_from(ATTRIBUTES))}:{' '.join(words)}")
        else:
            lines[at] = draw(st.text(max_size=20))
    return "\r\n".join(lines)


@given(
    mutated_offers(),
    st.lists(
        st.builds(
            MediaUse,
            mid=st.sampled_from(["0", "1", "2", "3", "7"]),
            use=st.sampled_from([*sorted(USES), "", "x"]),
            max_height=st.none() | st.integers(-1, 2**40),
            allowed=st.booleans(),
        ),
        max_size=3,
        unique_by=lambda use: use.mid,
    ),
)
def test_mutated_real_offers(text: str, wanted: list[MediaUse]) -> None:
    serve(text, wanted)


@given(st.sampled_from(NAMES), st.integers(min_value=0), st.integers(0, 0x10FFFF).map(chr))
def test_one_changed_character(name: str, position: int, character: str) -> None:
    text = offer_text(name)
    at = position % len(text)
    serve(text[:at] + character + text[at + 1 :], [])


def test_unmutated_offers_are_served() -> None:
    for name in NAMES:
        assert serve(offer_text(name), []) is not None
