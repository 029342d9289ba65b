"""The OpenAPI document and a page that shows it. Both are for everyone: they say nothing about this installation.

The page is written here, as HTML without scripts, so it works without any other file, offline and on a phone.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from aiohttp import web

from signalling.api.enablex.openapi import Json, document
from signalling.api.enablex.operations import Operation
from signalling.static_headers import FILE

_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false"}
_PATTERNS = {r"\S": "that is not blank,", "^[0-9]{1,9}$": "of digits"}
_STYLE = (Path(__file__).parent / "docs_page.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE_HEADERS = {
    **FILE,
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}


def docs_routes(prefix: str, operations: Sequence[Operation[Any, Any]]) -> list[web.RouteDef]:
    """`openapi.json` and `docs` below the prefix of the API."""
    described = document(operations, prefix)
    described_text = json.dumps(described)
    page = page_of(described)

    async def show_document(_request: web.Request) -> web.Response:
        # Tools on pages of other origins may read it.
        headers = {**FILE, "Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"}
        return web.json_response(text=described_text, headers=headers)

    async def show_page(_request: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html", headers=_PAGE_HEADERS)

    return [
        web.get(prefix + "/openapi.json", show_document),
        *(web.get(prefix + "/docs" + slash, show_page) for slash in ("", "/")),
    ]


def page_of(described: Json) -> str:
    """The page of an OpenAPI document, as HTML."""
    info, base = described["info"], described["servers"][0]["url"]
    by_tag: dict[str, list[tuple[str, str, Json]]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    schemas = described["components"]["schemas"]
    navigation = " ".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in [*by_tag, "models"])
    sections = "".join(
        f'<section id="{escape(tag)}"><h2>{escape(tag)}</h2>'
        + "".join(_operation(method, path, operation, base) for method, path, operation in operations)
        + "</section>"
        for tag, operations in by_tag.items()
    )
    models = "".join(_model(name, schema) for name, schema in schemas.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>{escape(info['title'])}</h1><p>{escape(info['description'])}</p>"
        "<p>Every request carries the app id and the app key as user and password of HTTP Basic. "
        f'The same as <a href="{escape(base)}/openapi.json">openapi.json</a>.</p>'
        f"<nav>{navigation}</nav></header><main>{sections}"
        f'<section id="models"><h2>models</h2>{models}</section></main></body></html>'
    )


def _operation(method: str, path: str, operation: Json, base: str) -> str:
    parts = [_parameters(operation["parameters"])]
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        parts.append(f"<h4>Body</h4><p>{_type(schema)}</p>")
    parts.append(f"<h4>Example</h4><pre>{escape(_curl(method, base + path, 'requestBody' in operation))}</pre>")
    parts.append(_answers(operation["responses"]))
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><b class="{method.lower()}">{method}</b> '
        f"<code>{escape(path)}</code> <span>{escape(operation['summary'])}</span></summary>{''.join(parts)}</details>"
    )


def _curl(method: str, path: str, with_body: bool) -> str:
    lines = [f"curl{'' if method == 'GET' else ' -X ' + method} https://HOST{path}", "-u APP_ID:APP_KEY"]
    if with_body:
        lines += ['-H "Content-Type: application/json"', "-d '{…}'"]
    return " \\\n  ".join(lines)


def _parameters(parameters: list[Json]) -> str:
    if not parameters:
        return ""
    rows = "".join(
        f"<tr><th><code>{escape(one['name'])}</code></th><td>{one['in']}</td><td>{_type(one['schema'])}</td>"
        f"<td>{escape(one['description'])}</td></tr>"
        for one in parameters
    )
    return f'<h4>Parameters</h4><div class="wide"><table>{rows}</table></div>'


def _answers(responses: Json) -> str:
    rows = ""
    for status, response in sorted(responses.items()):
        content = response.get("content", {}).get("application/json", {}).get("schema", {})
        lines = [line.removeprefix("- ") for line in response["description"].split("\n")]
        said = "<br>".join(map(escape, lines)) + (f" {_type(content)}" if "$ref" in content else "")
        rows += f"<tr><th>{status}</th><td>{said}</td></tr>"
    return f'<h4>Answers</h4><div class="wide"><table>{rows}</table></div>'


def _model(name: str, schema: Json) -> str:
    return (
        f'<details id="model-{escape(name)}" open><summary><code>{escape(name)}</code></summary>'
        f"<p>{escape(schema.get('description', ''))}</p>{_properties(schema)}</details>"
    )


def _properties(schema: Json) -> str:
    required = schema.get("required", [])
    rows = "".join(
        f"<tr><th><code>{escape(name)}</code></th><td>{'required' if name in required else ''}</td>"
        f"<td>{_type(rules)} {escape(rules.get('description', ''))}</td></tr>"
        for name, rules in schema.get("properties", {}).items()
    )
    return f'<div class="wide"><table>{rows}</table></div>' if rows else ""


def _type(rules: Json) -> str:
    """A JSON Schema in few words; objects with known fields as a table."""
    if "$ref" in rules:
        name = rules["$ref"].rpartition("/")[2]
        return f'<a href="#model-{escape(name)}">{escape(name)}</a>'
    if "anyOf" in rules:
        return " or ".join(map(_type, rules["anyOf"]))
    if "enum" in rules or "const" in rules:
        values = rules.get("enum", [rules.get("const")])
        return " or ".join(f"<code>{escape(json.dumps(value))}</code>" for value in values)
    if rules.get("type") == "array":
        return f"list of {_type(rules['items'])}"
    if "properties" in rules:
        return "object" + _properties(rules)
    kind = str(rules.get("type", "anything"))
    words = [_WORDS.get(kind, kind)]
    if "pattern" in rules:
        words.append(_PATTERNS.get(rules["pattern"], f"like {rules['pattern']}"))
    names = {"format": "", "minimum": "from", "maximum": "to", "maxLength": "of at most"}
    words += [f"{word} {rules[key]}".strip() for key, word in names.items() if key in rules]
    return escape(" ".join(words))
