"""The OpenAPI document is true: requests that are made from it, right and wrong ones, are answered as it says."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.signalling.api.conftest import Api

FILTERS = ("/conf/{conf_num}", "/room/{room_id}", "/room-period/{room_id}/{from}/{to}", "/period/{from}/{to}")
COMMAND = Path(sys.executable).with_name("schemathesis")
# A cursor, a date that exists and text without NUL are more than a JSON Schema can ask for: such requests are valid by
# the document, and refused with 400.
RULES = "[checks.positive_data_acceptance]\nexpected-statuses = ['2xx', 400, 401, 404, 409]\n"


async def schemathesis(api: Api, folder: Path, *arguments: str) -> None:
    """Try every operation with many requests, the same ones each time."""
    (folder / "rules.toml").write_text(RULES)
    where = f"{api.url}/video/v2/openapi.json"
    bounds = ("--seed=1", "--generation-deterministic", "--no-color")
    process = await asyncio.create_subprocess_exec(
        COMMAND, "--config-file", folder / "rules.toml", "run", where, *bounds, *arguments,
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


# Twenty seconds on a machine that has nothing else to do.
@pytest.mark.timeout(300)
async def test_every_operation_keeps_to_the_document(api: Api, tmp_path: Path) -> None:
    who = f"{api.credentials.app_id}:{api.credentials.app_key}"
    await schemathesis(api, tmp_path, f"--auth={who}", "--checks=all", "--phases=coverage", "--max-examples=1")


@pytest.mark.timeout(300)
async def test_every_operation_keeps_to_the_document_without_credentials(api: Api, tmp_path: Path) -> None:
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    await schemathesis(api, tmp_path, f"--checks={checks}", "--phases=fuzzing", "--max-examples=1")


async def test_the_document_is_for_everyone(api: Api) -> None:
    answer = await api.raw("GET", "/video/v2/openapi.json")
    assert (answer.status, answer.json["openapi"]) == (200, "3.1.0")
    assert answer.json["servers"] == [{"url": "/video/v2"}]


async def test_the_document_has_every_endpoint_of_the_api(api: Api) -> None:
    paths = (await api.raw("GET", "/video/v2/openapi.json")).json["paths"]
    endpoints = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert endpoints == {
        ("POST", "/rooms"),
        ("GET", "/rooms"),
        ("GET", "/rooms/{room_id}"),
        ("PATCH", "/rooms/{room_id}"),
        ("DELETE", "/rooms/{room_id}"),
        ("POST", "/rooms/{room_id}/tokens"),
        ("GET", "/rooms/{room_id}/users"),
        *(("GET", f"/archive{path}") for path in FILTERS),
        ("GET", "/archive/files/{file_id}/{name}"),
        *(("GET", f"/cdr{path}") for path in FILTERS),
        ("GET", "/dialin/"),
        ("GET", "/recordings"),
        ("DELETE", "/recordings/{conf_num}"),
        ("DELETE", "/recordings/files/{file_id}"),
        ("POST", "/recordings/files/{file_id}/link"),
    }


@pytest.mark.parametrize("path", ["/video/v2/docs", "/video/v2/docs/"])
async def test_the_page_shows_every_operation_and_needs_nothing_else(api: Api, path: str) -> None:
    document: Any = (await api.raw("GET", "/video/v2/openapi.json")).json
    async with api.client.get(api.url + path) as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        page = await response.text()
    for methods in document["paths"].values():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page
    assert "<script" not in page
    assert "src=" not in page
