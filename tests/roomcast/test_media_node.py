"""From the options of roomcast to those of the media node."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from roomcast import media_node
from roomcast.config import ConfigError, Options


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [ip_address(text) for text in ("127.0.0.1", "192.0.2.7", "fe80::1", "2001:db8::7", "169.254.0.1")]
    monkeypatch.setattr(media_node, "interface_addresses", lambda: addresses)


def options(tmp_path: Path, **values: object) -> Options:
    (tmp_path / "link-secret").write_text("the secret of the server\n")
    return Options.model_validate({"data_dir": tmp_path, "link_url": "ws://127.0.0.1:8080/link", **values})


def test_in_local_mode_loopback_is_announced_too(tmp_path: Path) -> None:
    found = media_node.node_options(options(tmp_path), "n")
    assert found.public_addresses == ("127.0.0.1", "192.0.2.7", "2001:db8::7")


@pytest.mark.parametrize(
    ("values", "announced"),
    [
        ({"http_host": "0.0.0.0"}, ()),
        ({"media_host": "192.0.2.7"}, ()),
        ({"public_addresses": ["198.51.100.1"]}, ("198.51.100.1",)),
    ],
)
def test_otherwise_the_node_announces_what_is_configured_or_chooses(
    tmp_path: Path, values: dict[str, object], announced: tuple[str, ...]
) -> None:
    assert media_node.node_options(options(tmp_path, **values), "n").public_addresses == announced


def test_recorders_come_in_from_this_machine_unless_told_otherwise(tmp_path: Path) -> None:
    found = media_node.node_options(options(tmp_path), "n")
    assert (found.tap_host, found.tap_port) == ("127.0.0.1", 0)
    found = media_node.node_options(options(tmp_path, tap_host="::", tap_port=10_500), "n")
    assert (found.tap_host, found.tap_port) == ("::", 10_500)


def test_the_secret_of_the_data_folder_is_used_unless_one_is_set(tmp_path: Path) -> None:
    assert media_node.node_options(options(tmp_path), "n").link_secret == "the secret of the server"
    assert media_node.node_options(options(tmp_path, link_secret="other"), "n").link_secret == "other"


def test_no_secret_is_made_up_for_signalling_would_not_know_it(tmp_path: Path) -> None:
    elsewhere = options(tmp_path)
    (tmp_path / "link-secret").unlink()
    with pytest.raises(ConfigError, match="ROOMCAST_LINK_SECRET"):
        media_node.node_options(elsewhere, "n")
    assert not (tmp_path / "link-secret").exists()


def test_without_a_place_to_dial_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ROOMCAST_LINK_URL"):
        media_node.run(options(tmp_path, link_url=""), None)
