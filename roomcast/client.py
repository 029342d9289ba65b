"""The command line as a client of a running server's REST API."""

import asyncio
from typing import Any

import aiohttp

from roomcast.config import Options, local_authority
from roomcast.data_folder import DataFolder


class ClientError(ValueError):
    """The server refused, or could not be asked; the text says why."""


class Client:
    """Calls the video API of the server at `url` with the credentials of this machine's data folder."""

    def __init__(self, options: Options, url: str | None = None) -> None:
        """Raises ConfigError when the data folder holds no credentials."""
        credentials = DataFolder(options.data_dir).existing_credentials()
        self.credentials = (credentials.app_id, credentials.app_key)
        """The application's id and key."""
        self.url = (url or server_url(options)).rstrip("/")
        self._headers = {"Authorization": aiohttp.encode_basic_auth(*self.credentials)}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a request under /video/v2. Raises ClientError."""
        return asyncio.run(self._call(method, path, body))

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=30)
        try:
            async with (
                aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session,
                session.request(method, f"{self.url}/video/v2{path}", json=body) as response,
            ):
                answer = await response.json()
        except aiohttp.ClientConnectorCertificateError as error:
            raise ClientError(
                f"the certificate of {self.url} is not one for this address ({error.certificate_error}): name the "
                "server as its certificate does, with --url https://HOST"
            ) from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ClientError(
                f"{self.url} does not answer as roomcast does ({error}): is `roomcast serve` running there?"
            ) from error
        if not isinstance(answer, dict) or answer.get("result") != 0:
            message = answer.get("error") if isinstance(answer, dict) else None
            raise ClientError(str(message or "the answer was not understood"))
        return answer


def server_url(options: Options) -> str:
    """Where the server with these options is reached from its own machine."""
    scheme = "https" if options.tls_certificate else "http"
    return f"{scheme}://{local_authority(options.http_host, options.http_port)}"
