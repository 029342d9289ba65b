"""Real offers, and a server's end to answer them with."""

from itertools import count
from pathlib import Path

from sfu.link_messages import Candidate, Fingerprint
from signalling.sdp import IceCredentials, LocalEnd, Offer, parse_offer

OFFERS = Path(__file__).parent / "offers"
NAMES = sorted(path.stem for path in OFFERS.glob("*.sdp"))


def offer_text(name: str) -> str:
    """An offer as the client wrote it, line ends included."""
    return (OFFERS / f"{name}.sdp").read_bytes().decode()


def offer(name: str) -> Offer:
    return parse_offer(offer_text(name))


def local_end() -> LocalEnd:
    """A server that does not exist, counting instead of drawing random numbers."""
    ssrcs, generations = count(1000), count()
    return LocalEnd(
        transport_id="t1",
        new_ice=lambda: IceCredentials(f"serv{next(generations)}", "a" * 24),
        new_ssrc=lambda: next(ssrcs),
        fingerprint=Fingerprint(algorithm="sha-256", value=":".join(["AB"] * 32)),
        candidates=(
            Candidate(protocol="udp", ip="127.0.0.1", port=9),
            Candidate(protocol="tcp", ip="127.0.0.1", port=9),
        ),
        cname="roomcast",
    )
