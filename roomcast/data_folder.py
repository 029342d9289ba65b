"""The folder that makes an installation: its credentials, its link secret and its token key, for the owner only."""

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from roomcast.config import ConfigError
from signalling.credentials import Credentials
from signalling.tokens import TokenIssuer

CREDENTIALS_FILE = "credentials.json"
LINK_SECRET_FILE = "link-secret"  # noqa: S105 - the name of a file
ARCHIVE_FOLDER = "archive"
WEBHOOK_SECRET_FILE = "webhook-secret"  # noqa: S105 - the name of a file
JOURNAL_FILE = "journal.jsonl"
TOKEN_KEY_FILE = "token-key.pem"  # noqa: S105 - the name of a file


class _CredentialsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    app_id: Annotated[str, Field(min_length=1, max_length=64, pattern="^[^:]+$")]
    app_key: Annotated[str, Field(min_length=16)]


class DataFolder:
    """Files that are made when they are missed. Each raises ConfigError when it cannot be read, written or used."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Make the folder, for its owner only, unless it is there."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"data_dir: the folder {self.path} cannot be made: {error.strerror}") from error

    def credentials(self) -> tuple[Credentials, bool]:
        """The application id and key, and whether they were made just now."""
        made = False

        def make() -> bytes:
            nonlocal made
            made = True
            new = Credentials.generate()
            return _CredentialsFile(app_id=new.app_id, app_key=new.app_key).model_dump_json(indent=2).encode() + b"\n"

        content = self._read_or_make(CREDENTIALS_FILE, make)
        return self._parse_credentials(content), made

    def existing_credentials(self) -> Credentials:
        """The credentials of a server that was started before."""
        try:
            content = (self.path / CREDENTIALS_FILE).read_bytes()
        except OSError as error:
            raise ConfigError(
                f"data_dir: there are no credentials in {self.path} ({error.strerror}): start `roomcast serve` once, "
                "or set ROOMCAST_DATA_DIR to the folder of the server"
            ) from error
        return self._parse_credentials(content)

    def link_secret(self) -> str:
        """What the media nodes of this machine show to signalling."""
        return _parse_secret(self.path / LINK_SECRET_FILE, self._read_or_make(LINK_SECRET_FILE, _new_secret))

    def webhook_secret(self) -> str:
        """What signs webhooks."""
        return _parse_secret(self.path / WEBHOOK_SECRET_FILE, self._read_or_make(WEBHOOK_SECRET_FILE, _new_secret))

    def existing_link_secret(self) -> str:
        """The link secret of a server that was started before. One made up elsewhere would never be accepted."""
        try:
            content = (self.path / LINK_SECRET_FILE).read_bytes()
        except OSError as error:
            raise ConfigError(
                f"link_secret: there is none in {self.path} ({error.strerror}): set ROOMCAST_LINK_SECRET to what "
                f"the file {LINK_SECRET_FILE} in the server's data_dir holds"
            ) from error
        return _parse_secret(self.path / LINK_SECRET_FILE, content)

    def token_issuer(self) -> TokenIssuer:
        """What signs and checks join tokens."""
        pem = self._read_or_make(TOKEN_KEY_FILE, TokenIssuer.new_private_key)
        try:
            return TokenIssuer(pem)
        except ValueError as error:
            raise ConfigError(f"{self.path / TOKEN_KEY_FILE} is not a usable RSA private key: {error}") from error

    def _parse_credentials(self, content: bytes) -> Credentials:
        try:
            file = _CredentialsFile.model_validate_json(content)
        except ValidationError as error:
            raise ConfigError(
                f'{self.path / CREDENTIALS_FILE} must hold {{"app_id": …, "app_key": …}}: '
                "mend it, or delete it to get new ones"
            ) from error
        return Credentials(file.app_id, file.app_key)

    def _read_or_make(self, name: str, make: Callable[[], bytes]) -> bytes:
        path = self.path / name
        try:
            if not path.exists():
                _write_private(path, make())
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                path.chmod(0o600)
            return path.read_bytes()
        except OSError as error:
            raise ConfigError(f"data_dir: {path} cannot be used: {error.strerror}") from error


def _new_secret() -> bytes:
    return secrets.token_urlsafe(32).encode() + b"\n"


def _parse_secret(path: Path, content: bytes) -> str:
    text = content.decode("ascii", "replace").strip()
    if len(text) < 16:
        raise ConfigError(f"{path} must hold at least 16 characters, or be deleted")
    return text


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody else can read and that never exists half. Whoever is first wins."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        temporary.unlink()
