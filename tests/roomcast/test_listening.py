"""HTTP and HTTPS."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from roomcast.client import Client, ClientError
from roomcast.config import Options
from roomcast.listening import listening


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def application() -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.scheme)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    return app


def certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """Files with a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = (folder / "certificate.pem", folder / "key.pem")
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


async def text(client: aiohttp.ClientSession, url: str, tls: ssl.SSLContext | bool = True) -> str:
    async with client.get(url, ssl=tls) as response:
        return await response.text()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0", "::", ""])
async def test_pages_and_link_are_reached_on_the_port_that_was_taken(client: aiohttp.ClientSession, host: str) -> None:
    async with listening(application(), Options(http_host=host, http_port=0)) as entrance:
        assert await text(client, entrance.url) == "http"
        assert await text(client, entrance.link_url.replace("ws://", "http://")) == "http"
    with pytest.raises(aiohttp.ClientConnectorError):
        await text(client, entrance.url)


async def test_with_a_certificate_people_get_https_and_media_nodes_come_in_over_loopback(
    client: aiohttp.ClientSession, tmp_path: Path
) -> None:
    chain, key = certificate(tmp_path, "localhost")
    options = Options(http_host="localhost", http_port=0, tls_certificate=chain, tls_key=key)
    async with listening(application(), options) as entrance:
        assert entrance.url.startswith("https://localhost:")
        assert await text(client, entrance.url, ssl.create_default_context(cafile=chain)) == "https"
        assert entrance.link_url.startswith("ws://127.0.0.1:")
        assert await text(client, entrance.link_url.replace("ws://", "http://")) == "http"


async def test_a_certificate_for_another_name_is_said_by_the_command_line_with_what_to_do(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "meet.example.com")
    (tmp_path / "credentials.json").write_text('{"app_id": "id", "app_key": "0123456789abcdef"}')
    given = {"http_host": "127.0.0.1", "http_port": 0, "tls_certificate": chain, "tls_key": key, "data_dir": tmp_path}
    async with listening(application(), Options.model_validate(given)) as entrance:
        client = Client(Options.model_validate(given), entrance.url)
        with pytest.raises(ClientError, match="--url https://"):
            await asyncio.to_thread(client.call, "GET", "/rooms")
