"""The files of an installation."""

import json
import stat
from pathlib import Path

import pytest

from roomcast.config import ConfigError
from roomcast.data_folder import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "a" / "data")
    folder.create()
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_is_for_its_owner_only(folder: DataFolder) -> None:
    assert mode(folder.path) == 0o700
    folder.create()


def test_credentials_are_made_once_and_kept(folder: DataFolder) -> None:
    made, new = folder.credentials()
    assert new
    file = folder.path / "credentials.json"
    assert mode(file) == 0o600
    assert json.loads(file.read_text()) == {"app_id": made.app_id, "app_key": made.app_key}
    assert folder.credentials() == (made, False)
    assert folder.existing_credentials() == made


def test_secret_and_key_are_made_once_and_kept(folder: DataFolder) -> None:
    secret, issuer = folder.link_secret(), folder.token_issuer()
    assert len(secret) >= 32
    assert folder.link_secret() == secret
    assert folder.token_issuer().kid == issuer.kid
    assert {mode(file) for file in folder.path.iterdir()} == {0o600}
    assert len(list(folder.path.iterdir())) == 2


def test_a_file_that_others_could_read_is_closed_to_them(folder: DataFolder) -> None:
    folder.credentials()
    file = folder.path / "credentials.json"
    file.chmod(0o644)
    folder.credentials()
    assert mode(file) == 0o600


def test_two_installations_have_nothing_in_common(folder: DataFolder, tmp_path: Path) -> None:
    other = DataFolder(tmp_path / "b")
    other.create()
    assert other.credentials()[0].app_id != folder.credentials()[0].app_id
    assert other.link_secret() != folder.link_secret()


@pytest.mark.parametrize("content", ["", "{}", '{"app_id": "x"}', '{"app_id": "a:b", "app_key": "0123456789abcdef"}'])
def test_damaged_credentials_are_refused_by_file(folder: DataFolder, content: str) -> None:
    (folder.path / "credentials.json").write_text(content)
    with pytest.raises(ConfigError, match=r"credentials\.json"):
        folder.credentials()


def test_a_damaged_key_or_secret_is_refused_by_file(folder: DataFolder) -> None:
    (folder.path / "token-key.pem").write_text("nonsense")
    (folder.path / "link-secret").write_text("\n")
    with pytest.raises(ConfigError, match=r"token-key\.pem"):
        folder.token_issuer()
    with pytest.raises(ConfigError, match="link-secret"):
        folder.link_secret()


def test_without_a_server_there_are_no_credentials_to_use(folder: DataFolder) -> None:
    with pytest.raises(ConfigError, match="roomcast serve"):
        folder.existing_credentials()
    assert list(folder.path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="data_dir"):
        DataFolder(tmp_path / "file" / "data").create()
