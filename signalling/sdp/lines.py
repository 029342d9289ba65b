"""From text to attributes by name: the part of RFC 8866 that knows lines but not what they mean."""

from dataclasses import dataclass, field

from signalling.sdp.errors import SdpError

MAX_TEXT = 256 * 1024
MAX_MEDIA_SECTIONS = 128


@dataclass(slots=True)
class SectionLines:
    """The session part (whose `media` is empty) or one m-line's part: its attributes, values in the text's order."""

    media: str = ""
    origin: str = ""
    attributes: dict[str, list[str]] = field(default_factory=dict)

    def all(self, name: str) -> list[str]:
        return self.attributes.get(name, [])

    def first(self, name: str) -> str | None:
        values = self.attributes.get(name)
        return values[0] if values else None

    def has(self, name: str) -> bool:
        return name in self.attributes


def split_sections(text: str) -> list[SectionLines]:
    """The session part, then each m-line's part.

    Lines end with CRLF or LF. Line types other than v, o, m and a are not needed and skipped.
    Raises SdpError `too-large`, `too-many-media` or `malformed`.
    """
    if len(text) > MAX_TEXT:
        raise SdpError("too-large", f"The description has {len(text)} characters, {MAX_TEXT} are allowed.")
    lines = text.split("\n")
    if lines[0].rstrip("\r") != "v=0":
        raise SdpError("malformed", "A description begins with the line v=0.")
    current = SectionLines()
    sections = [current]
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r")
        if not line:
            continue
        if line[1:2] != "=" or "\r" in line or "\0" in line:
            raise SdpError("malformed", f"Line {number} is not of the form letter=value: {quoted(line)}.")
        if line[0] == "a":
            name, _, value = line[2:].partition(":")
            current.attributes.setdefault(name, []).append(value)
        elif line[0] == "m":
            if len(sections) > MAX_MEDIA_SECTIONS:
                raise SdpError("too-many-media", f"More than {MAX_MEDIA_SECTIONS} m-lines.")
            current = SectionLines(media=line[2:])
            sections.append(current)
        elif line[0] == "o" and len(sections) == 1:
            current.origin = line[2:]
    return sections


def number(text: str, largest: int) -> int | None:
    """The value of plain decimal digits, None for anything else (signs, other scripts' digits, too large)."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        return None
    value = int(text)
    return value if value <= largest else None


def quoted(text: str) -> str:
    """A piece of foreign text as it may stand in an error message: short, ASCII, in quotes."""
    return ascii(text if len(text) <= 60 else text[:57] + "...")
