"""Options from a file and from variables."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from roomcast.config import ConfigError, Options, load, local_authority
from roomcast.config_text import as_yaml, describe


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "roomcast.yaml"


def test_without_anything_the_defaults_hold() -> None:
    assert load(None, {"PATH": "/bin", "HOME": "/"}) == Options()


def test_variables_win_over_the_file(file: Path) -> None:
    file.write_text("http_port: 9000\nmedia_port: 9001\nlocal_mode: false\n")
    options = load(file, {"ROOMCAST_HTTP_PORT": "9100", "ROOMCAST_DATA_DIR": "/somewhere"})
    assert (options.http_port, options.media_port, options.local_mode) == (9100, 9001, False)
    assert options.data_dir == Path("/somewhere")


def test_lists_are_written_with_commas_in_variables(file: Path) -> None:
    file.write_text("public_addresses: [192.0.2.1]\n")
    options = load(file, {"ROOMCAST_TRUSTED_PROXIES": "10.0.0.0/8, ::1/128,"})
    assert options.public_addresses == ("192.0.2.1",)
    assert options.trusted_proxies == ("10.0.0.0/8", "::1/128")


def test_dial_in_numbers_are_lists_in_the_file_and_json_in_the_variable(file: Path) -> None:
    number = {"country": "India", "country_code": "+91", "phone": "+918001234567", "toll": True}
    file.write_text(yaml.safe_dump({"dialin_numbers": [number], "sip_server_url": "sip://sip.example.com:5060"}))
    from_file = load(file, {})
    assert from_file.dialin_numbers[0].model_dump() == number
    assert load(None, {"ROOMCAST_DIALIN_NUMBERS": json.dumps([number])}).dialin_numbers == from_file.dialin_numbers
    assert load(None, {"ROOMCAST_DIALIN_NUMBERS": ""}) == Options()
    written = file.with_name("written.yaml")
    written.write_text(as_yaml(from_file))
    assert load(written, {}) == from_file


def test_an_empty_variable_means_that_an_option_without_value_is_not_set() -> None:
    options = load(None, {"ROOMCAST_LOCAL_MODE": "", "ROOMCAST_TLS_KEY": "", "ROOMCAST_PUBLIC_ADDRESSES": ""})
    assert options == Options()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ROOMCAST_HTTP_PORT", "http"),
        ("ROOMCAST_HTTP_PORT", "70000"),
        ("ROOMCAST_HTTP_PORT", ""),
        ("ROOMCAST_MEDIA_PROCESSES", "-1"),
        ("ROOMCAST_LOG_FORMAT", "xml"),
        ("ROOMCAST_LOCAL_MODE", "perhaps"),
        ("ROOMCAST_TRUSTED_PROXIES", "10.0.0.0/99"),
        ("ROOMCAST_ZONE", "Europe"),
        ("ROOMCAST_RESUME_GRACE", "-1"),
        ("ROOMCAST_HTPP_PORT", "80"),
        ("ROOMCAST_PUBLIC_ADDRESSES", "meet.example.com"),
        ("ROOMCAST_PUBLIC_ADDRESSES", "203.0.113.7:media"),
        ("ROOMCAST_PUBLIC_ADDRESSES", "203.0.113.7, 300.0.0.1"),
        ("ROOMCAST_MEDIA_HOST", "eth0"),
        ("ROOMCAST_MEDIA_HOST", "127.0.0.1,"),
        ("ROOMCAST_LINK_URL", "meet.example.com"),
        ("ROOMCAST_TAP_HOST", "localhost"),
        ("ROOMCAST_TAP_PORT", "65536"),
        ("ROOMCAST_DIALIN_NUMBERS", "+918001234567"),
        ("ROOMCAST_DIALIN_NUMBERS", '{"phone": "+918001234567"}'),
        ("ROOMCAST_DIALIN_NUMBERS", '[{"country": "India", "country_code": "91", "phone": "+918001234567"}]'),
        ("ROOMCAST_SIP_SERVER_URL", "sip.example.com"),
        ("ROOMCAST_LINK_URL", "https://meet.example.com/link"),
        ("ROOMCAST_LINK_URL", "wss:///link"),
        ("ROOMCAST_LINK_URL", "ws://meet.example.com:port/link"),
    ],
)
def test_a_malformed_or_unknown_variable_is_named(variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        load(None, {variable: value})


@pytest.mark.parametrize("line", ["http_port: x", "htpp_port: 80", "zone: 7", "trusted_proxies: [nonsense]"])
def test_a_malformed_or_unknown_option_of_the_file_is_named_with_the_file(file: Path, line: str) -> None:
    file.write_text(line)
    with pytest.raises(ConfigError, match=line.partition(":")[0]) as refused:
        load(file, {})
    assert str(file) in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"[1, 2]", b"just text", b"a: [", b"\xff\xfe", b"7: x", b"!!python/object:os.x {}"]
)
def test_a_file_that_is_no_configuration_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="configuration file"):
        load(file, {})


def test_a_file_that_is_not_there_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(file, {})


def test_an_empty_file_changes_nothing(file: Path) -> None:
    file.write_text("# http_port: 1\n")
    assert load(file, {}) == Options()


@given(st.dictionaries(st.sampled_from(list(Options.model_fields)), st.text(st.characters(exclude_categories=("Cs",)))))
def test_any_text_in_variables_gives_options_or_a_config_error(values: dict[str, str]) -> None:
    try:
        load(None, {f"ROOMCAST_{name.upper()}": value for name, value in values.items()})
    except ConfigError as error:
        assert str(error)


def test_what_is_well_formed_of_addresses_is_taken_as_it_is() -> None:
    options = load(
        None,
        {
            "ROOMCAST_PUBLIC_ADDRESSES": "203.0.113.7, 203.0.113.7:20000, 2001:db8::7, [2001:db8::7]:20000",
            "ROOMCAST_MEDIA_HOST": "192.0.2.7, ::1",
            "ROOMCAST_LINK_URL": "wss://meet.example.com/link",
        },
    )
    assert options.public_addresses == ("203.0.113.7", "203.0.113.7:20000", "2001:db8::7", "[2001:db8::7]:20000")
    assert (options.media_host, options.link_url) == ("192.0.2.7, ::1", "wss://meet.example.com/link")


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(ConfigError, match="tls_key"):
        load(None, {"ROOMCAST_TLS_CERTIFICATE": "cert.pem"})


@pytest.mark.parametrize(
    ("host", "mode", "local"),
    [
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("localhost", "", True),
        ("0.0.0.0", "", False),
        ("meet.example.com", "", False),
        ("0.0.0.0", "true", True),
        ("127.0.0.1", "false", False),
    ],
)
def test_local_mode_follows_the_host_unless_it_is_set(host: str, mode: str, local: bool) -> None:
    assert load(None, {"ROOMCAST_HTTP_HOST": host, "ROOMCAST_LOCAL_MODE": mode}).is_local is local


def test_every_option_has_a_reason_and_a_variable() -> None:
    for option in describe(Options()):
        assert len(option.reason) > 20, option.name
        assert option.variable == f"ROOMCAST_{option.name.upper()}"
        assert option.value == option.default


def test_secrets_are_not_described() -> None:
    options = load(None, {"ROOMCAST_LINK_SECRET": "sesame-1", "ROOMCAST_DATABASE_URL": "postgresql://u:sesame-2@h/n"})
    text = f"{list(describe(options))}{as_yaml(options)}{options.link_secret}"
    assert "sesame-1" not in text
    assert "sesame-2" not in text
    assert "sesame-1" not in repr(options)


def test_the_printed_file_says_what_was_set_and_can_be_read_again(file: Path) -> None:
    options = load(None, {"ROOMCAST_HTTP_PORT": "9000", "ROOMCAST_TRUSTED_PROXIES": "10.0.0.0/8"})
    file.write_text(as_yaml(options))
    assert load(file, {}) == options


def test_the_printed_file_names_every_option_even_those_not_set() -> None:
    lines = [line.removeprefix("# ") for line in as_yaml(Options()).splitlines()]
    named = {name for line in lines if line.partition(":")[0] in Options.model_fields for name in yaml.safe_load(line)}
    assert named == set(Options.model_fields)


@pytest.mark.parametrize(
    ("host", "authority"),
    [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("::", "[::1]:80"), ("", "127.0.0.1:80")],
)
def test_a_host_is_written_as_in_a_url(host: str, authority: str) -> None:
    assert local_authority(host, 80) == authority
