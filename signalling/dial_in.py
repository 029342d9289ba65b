"""By which numbers people can call in, as the operator has configured it. The gateway is not part of roomcast."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DialInNumber:
    """A telephone number: `country_code` such as +1, `phone` in full (E.164); `toll` says whether the call costs."""

    country: str
    country_code: str
    phone: str
    toll: bool


@dataclass(frozen=True, slots=True)
class DialIn:
    """The numbers, and the SIP server behind them. An empty `server_url` means that there is none."""

    server_url: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    signalling_servers: tuple[str, ...] = ()
    media_servers: tuple[str, ...] = ()
    numbers: tuple[DialInNumber, ...] = ()


NO_DIAL_IN = DialIn()
