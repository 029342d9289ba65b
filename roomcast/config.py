"""The configuration: one YAML file and ROOMCAST_* variables, which win over the file."""

import json
import os
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from roomcast.parent import PARENT_VARIABLE
from sfu.addresses import bind_hosts, parse_address

PREFIX = "ROOMCAST_"
# Names the file; every other variable with the prefix is an option.
FILE_VARIABLE = "ROOMCAST_CONFIG"


Port = Annotated[int, Field(ge=0, le=65535)]


class ConfigError(ValueError):
    """A configuration that cannot be used; the text names the option and where it was set."""


class DialInOption(BaseModel):
    """A telephone number by which people call in."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    country: str
    country_code: Annotated[str, Field(pattern=r"^\+\d{1,4}$")]
    phone: Annotated[str, Field(pattern=r"^\+\d{4,15}$")]
    toll: bool = False


class Options(BaseModel):
    """Every option. The description of each says what it is for; `roomcast config` prints them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    http_host: str = Field(
        "127.0.0.1",
        description="Address of the pages, the APIs and the WebSocket. The default is reachable from this machine "
        "only; use 0.0.0.0 or :: with tls_certificate or behind a proxy, because browsers give cameras to HTTPS only.",
    )
    http_port: Port = Field(8080, description="TCP port of the above; 0 takes any free one.")
    media_host: str = Field(
        "",
        description="Addresses on which media is received, separated by commas; empty means all, IPv4 and IPv6.",
    )
    media_port: Port = Field(
        10000,
        description="UDP and TCP port of the first media process, the next takes the next port; 0 takes any free ones. "
        "The firewall must let both in.",
    )
    public_addresses: tuple[str, ...] = Field(
        (),
        description="Addresses told to browsers for media, as ip or ip:port. Needed behind a NAT; empty means those of "
        "this machine.",
    )
    tap_host: str = Field(
        "127.0.0.1",
        description="Address on which media processes let recorders in. The default is for a recorder on the same "
        "machine; use 0.0.0.0 or :: with recorders elsewhere, which come in encrypted and show a token.",
    )
    tap_port: Port = Field(
        0,
        description="TCP port of the above, of the first media process, the next takes the next port; 0 takes any free "
        "ones. The firewall must let recorders on other machines in.",
    )
    data_dir: Path = Field(
        Path("data"), description="Folder for the database, the credentials and the keys; made at the first start."
    )
    archive_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        0, description="Days after which recordings and other files of sessions are deleted; 0 keeps them for ever."
    )
    database_url: str = Field(
        "",
        description="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; empty means SQLite in data_dir, which is "
        "enough for one machine.",
    )
    media_processes: Annotated[int, Field(ge=0, le=64)] | None = Field(
        None,
        description="Media processes on this machine, each of which uses one core and has ports of its own. Empty "
        "means one less than there are cores, and at least one; 0 is for a machine whose media nodes are elsewhere.",
    )
    recorders: Annotated[int, Field(ge=0, le=16)] = Field(
        1,
        description="Recorders on this machine; 0 is for a machine whose recorders are elsewhere, or without any.",
    )
    recorder_dir: Path | None = Field(
        None,
        description="Folder for what is being recorded, or is not in the archive yet; the recorders of roomcast serve "
        "have numbered folders in it. Empty means data_dir/recordings.",
    )
    recorder_capacity: Annotated[int, Field(ge=0, le=10_000)] = Field(
        0, description="Segments that one recorder records at the same time; 0 means eight for each core."
    )
    recorder_composites: Annotated[int, Field(ge=1, le=64)] = Field(
        1,
        description="Composites that one recorder makes at the same time; one alone uses all cores that are idle.",
    )
    recorder_min_free_bytes: Annotated[int, Field(ge=0)] = Field(
        1_073_741_824, description="Bytes that the disk of recorder_dir must have left before another segment begins."
    )
    recorder_encoder: Literal["auto", "h264_nvenc", "h264_qsv", "h264_amf", "libx264"] = Field(
        "auto", description="What encodes composites; auto takes the first of these that works on this machine."
    )
    watermark: Path | None = Field(
        None, description="A PNG of at most 140x140 pixels that is put on the composites of rooms that want one."
    )
    archive_url: str = Field(
        "",
        description="Where finished recordings go: file:///FOLDER, s3://BUCKET/FOLDER, ftp://USER:PASSWORD@HOST/FOLDER "
        "or another URL of fsspec. Empty means data_dir/archive.",
    )
    link_url: str = Field(
        "",
        description="For a media node or a recorder on a machine of its own: where signalling is, as wss://HOST/link.",
    )
    link_secret: SecretStr = Field(
        SecretStr(""),
        description="What media nodes and recorders show to signalling. Empty means the one in data_dir/link-secret, "
        "made at the first start; set it to the same value on machines that work together.",
    )
    webhook_urls: tuple[str, ...] = Field(
        (),
        description="Where to POST what happens in rooms (sessions, joins, leaves, recordings), as https://HOST/PATH, "
        "separated by commas. Deliveries are signed and repeated until they succeed.",
    )
    webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="The key of the signature of webhooks. Empty means the one in data_dir/webhook-secret, made at the "
        "first start.",
    )
    local_mode: bool | None = Field(
        None,
        description="Lets anyone who reaches the server start a room with one click, for trying it out. Empty means: "
        "when http_host is a loopback address.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        (),
        description="Networks (CIDR) of proxies whose X-Forwarded-For, -Proto and -Host are believed, so that limits "
        "count the client and not the proxy, and URLs of the API are those of the proxy.",
    )
    tls_certificate: Path | None = Field(
        None, description="File with the certificate chain (PEM), when no proxy in front of this server does HTTPS."
    )
    tls_key: Path | None = Field(None, description="File with the private key (PEM) of tls_certificate.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="console for people, json for machines; auto looks whether the output is a terminal."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important messages that are logged."
    )
    zone: Annotated[str, Field(pattern="^[A-Z]{2}$")] = Field(
        "XX", description="Where this machine is (IN, SG, US, ...): rooms with a media_zone prefer nodes of their zone."
    )
    resume_grace: Annotated[float, Field(ge=0, le=600)] = Field(
        30.0, description="Seconds that a participant whose connection dropped has to come back before they leave."
    )
    max_message_bytes: Annotated[int, Field(ge=16_384, le=4_194_304)] = Field(
        262_144, description="Largest message of a client in bytes; an offer of a browser takes up to 100 kB."
    )
    messages_per_second: Annotated[float, Field(gt=0, le=10_000)] = Field(
        20.0, description="Messages per second that one client may send in the long run."
    )
    message_burst: Annotated[int, Field(ge=1, le=100_000)] = Field(
        100, description="Messages that one client may send at once, before the rate counts."
    )
    sockets_per_address: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        100, description="WebSockets from one IP address at the same time; a school or an office shares one."
    )

    recording_web_hosts: tuple[str, ...] = Field(
        (),
        description="Hosts whose pages may lay out live recordings, as host (at the usual port) or host:port, "
        "separated by commas. The recorder's browser opens them from inside your network; empty allows none.",
    )
    dialin_numbers: tuple[DialInOption, ...] = Field(
        (),
        description="Telephone numbers by which people call in, shown by the API: a list of {country, country_code, "
        "phone, toll}, in the variable as JSON. A SIP gateway of yours has to answer them.",
    )
    sip_server_url: str = Field("", description="SIP server behind dialin_numbers, as sip://HOST:PORT; empty for none.")
    sip_username: str = Field("", description="User name at that server, shown by the API.")
    sip_password: SecretStr = Field(SecretStr(""), description="Password at that server, shown by the API.")
    sip_signalling_servers: tuple[str, ...] = Field(
        (), description="Addresses of SIP servers, shown by the API for those who connect a SIP trunk."
    )
    sip_media_servers: tuple[str, ...] = Field(
        (), description="Addresses from which the media of telephone calls comes, shown by the API for firewalls."
    )

    @field_validator("dialin_numbers", mode="before")
    @classmethod
    def _from_json(cls, value: object) -> object:
        return json.loads(value or "[]") if isinstance(value, str) else value

    @field_validator("sip_server_url")
    @classmethod
    def _sip(cls, value: str) -> str:
        if value and not value.startswith(("sip:", "sips:")):
            raise ValueError("write it as sip://HOST:PORT")
        return value

    @field_validator(
        "public_addresses",
        "trusted_proxies",
        "webhook_urls",
        "recording_web_hosts",
        "sip_signalling_servers",
        "sip_media_servers",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("local_mode", "tls_certificate", "tls_key", "recorder_dir", "watermark", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)
        return value

    @field_validator("webhook_urls")
    @classmethod
    def _posted_to(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for given in value:
            url = urlsplit(given)
            # Asking for a port that is no number raises ValueError.
            if url.scheme not in ("http", "https") or not url.hostname or url.port == 0:
                raise ValueError("write each as https://HOST/PATH")
        return value

    @field_validator("public_addresses")
    @classmethod
    def _announced(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            parse_address(address, 0)
        return value

    @field_validator("media_host")
    @classmethod
    def _bindable(cls, value: str) -> str:
        bind_hosts(value)
        return value

    @field_validator("tap_host")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return str(ip_address(value))

    @field_validator("link_url")
    @classmethod
    def _dialled(cls, value: str) -> str:
        url = urlsplit(value)
        # Asking for a port that is no number raises ValueError.
        if value and (url.scheme not in ("ws", "wss") or not url.hostname or url.port == 0):
            raise ValueError("write it as wss://HOST/link")
        return value

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key must be set together")
        return self

    @property
    def is_local(self) -> bool:
        """Whether local mode is on."""
        return is_loopback(self.http_host) if self.local_mode is None else self.local_mode

    @property
    def media_process_count(self) -> int:
        """`media_processes`, the default filled in."""
        if self.media_processes is not None:
            return self.media_processes
        return min(max(1, len(os.sched_getaffinity(0)) - 1), 64)

    @property
    def database(self) -> str:
        """The URL of the database, the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'roomcast.db'}"

    @property
    def recordings(self) -> Path:
        """`recorder_dir`, the default filled in."""
        return (self.recorder_dir or self.data_dir / "recordings").absolute()


def load(path: Path | None, environ: Mapping[str, str]) -> Options:
    """The options from a YAML file (or none) and from ROOMCAST_* variables.

    Raises ConfigError, which names the option and where it was set.
    """
    from_file = _read_file(path) if path else {}
    from_environment = {
        variable.removeprefix(PREFIX).lower(): value
        for variable, value in environ.items()
        if variable.startswith(PREFIX) and variable not in (FILE_VARIABLE, PARENT_VARIABLE)
    }
    try:
        return Options.model_validate(from_file | from_environment)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        name = str(detail["loc"][0]) if detail["loc"] else ""
        where = f"the variable {PREFIX}{name.upper()}" if name in from_environment else f"the file {path}"
        if detail["type"] == "extra_forbidden":
            raise ConfigError(f"{name} in {where} is not an option: `roomcast config` lists all options") from None
        problem = detail["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{name} in {where}: {problem}" if name else problem) from None


def is_loopback(host: str) -> bool:
    """Whether the host can be reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def local_authority(host: str, port: int) -> str:
    """`host:port` for a URL by which a server that listens there is reached from its own machine."""
    # Listening on all addresses includes loopback; :: stands for those of IPv6 only.
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not listened on
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _read_file(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"the configuration file {path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"the configuration file {path} is not valid YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise ConfigError(f"the configuration file {path} must hold lines such as http_port: 8080")
    return content
