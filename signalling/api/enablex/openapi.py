"""The OpenAPI document (3.1.0), made of the operations and of the models that check requests and make answers."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from signalling.api.enablex.answers import ErrorAnswer
from signalling.api.enablex.errors import ErrorCode
from signalling.api.enablex.operations import Nothing, Operation

Json = dict[str, Any]
Refs = dict[Any, Json]

_REF = "#/components/schemas/{model}"
_PATH_PARAMETERS: dict[str, tuple[str, Json]] = {
    "room_id": ("The id of a room.", {"type": "string", "pattern": "^[0-9a-f]{24}$"}),
    "conf_num": ("The number of a session.", {"type": "string", "pattern": "^CONF-[1-9][0-9]{5,8}$"}),
    "from": ("The first day, in UTC.", {"type": "string", "format": "date"}),
    "to": ("The last day, in UTC.", {"type": "string", "format": "date"}),
    "file_id": ("The id of a file, as in the URLs of the archive.", {"type": "string", "pattern": "^[0-9a-f]{32}$"}),
    "name": ("The name of the file.", {"type": "string", "pattern": "^[A-Za-z0-9_.-]+$"}),
}
_FILE_ANSWERS: Json = {
    "200": "The file.",
    "206": "The part of it that `Range` asks for.",
    "304": "It has not changed since (`If-None-Match`, `If-Modified-Since`).",
    "412": "It is another one (`If-Match`, `If-Unmodified-Since`).",
    "416": "It has no such part.",
}


def document(operations: Sequence[Operation[Any, Any]], server: str) -> Json:
    """The document, as JSON. `server` is the path of the API, the same on every host."""
    refs, schemas = _schemas(operations)
    paths: dict[str, Json] = defaultdict(dict)
    for operation in operations:
        paths[operation.path][operation.method.lower()] = _operation(operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "roomcast video API",
            "version": "2",
            "description": "Rooms, tokens, and what is left of sessions. A slash at the end of a path makes no "
            "difference.",
        },
        "servers": [{"url": server}],
        "security": [{"basic": []}],
        "paths": dict(paths),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "The app id and the app key."}
            },
        },
    }


def _schemas(operations: Sequence[Operation[Any, Any]]) -> tuple[Refs, Json]:
    """A reference to each model, and what the references lead to."""
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ErrorAnswer, "serialization"): None}
    for operation in operations:
        if operation.answer is not None:
            models[operation.answer, "serialization"] = None
        if operation.body is not Nothing:
            models[operation.body, "validation"] = None
    refs, definitions = models_json_schema(list(models), ref_template=_REF)
    schemas: Json = definitions["$defs"]
    for schema in schemas.values():
        for rules in schema.get("properties", {}).values():
            _tidy(rules)
    return {model: ref for (model, _mode), ref in refs.items()}, schemas


def _tidy(rules: Json) -> None:
    """Leave out what says nothing: titles, which repeat names, and that what is left out is null."""
    rules.pop("title", None)
    if rules.get("default", ...) is None:
        del rules["default"]


def _operation(operation: Operation[Any, Any], refs: Refs) -> Json:
    shown: Json = {
        "summary": operation.summary,
        "operationId": _operation_id(operation),
        "tags": [operation.path.split("/")[1]],
        "parameters": [*_path_parameters(operation.path), *_query_parameters(operation.query)],
        "responses": _responses(operation, refs),
    }
    if operation.body is not Nothing:
        shown["requestBody"] = {"required": True, "content": {"application/json": {"schema": refs[operation.body]}}}
    return shown


def _operation_id(operation: Operation[Any, Any]) -> str:
    words = re.findall(r"[a-z_]+", operation.path)
    return "_".join([operation.method.lower(), *words])


def _path_parameters(path: str) -> list[Json]:
    parameters = []
    for name in re.findall(r"{(\w+)}", path):
        description, schema = _PATH_PARAMETERS[name]
        parameters.append({"name": name, "in": "path", "required": True, "description": description, "schema": schema})
    return parameters


def _query_parameters(query: type[BaseModel]) -> list[Json]:
    properties: Json = query.model_json_schema().get("properties", {})
    parameters = []
    for name, rules in properties.items():
        _tidy(rules)
        description = rules.pop("description")
        parameters.append({"name": name, "in": "query", "required": False, "description": description, "schema": rules})
    return parameters


def _responses(operation: Operation[Any, Any], refs: Refs) -> Json:
    responses: Json = {}
    if operation.answer is None:
        for status, description in _FILE_ANSWERS.items():
            responses[status] = {"description": description}
        for status in ("200", "206"):
            responses[status]["content"] = {"*/*": {}}
    else:
        content = {"application/json": {"schema": refs[operation.answer]}}
        responses["200"] = {
            "description": "It is done." if operation.method != "GET" else "Here it is.",
            "content": content,
        }
    by_status: dict[str, list[ErrorCode]] = defaultdict(list)
    for code in operation.all_errors:
        by_status[str(code.status)].append(code)
    for status, codes in by_status.items():
        responses[status] = {
            "description": "\n".join(f"- {code.value}: {code.meaning}" for code in codes),
            "content": {"application/json": {"schema": _error_schema(codes, refs)}},
        }
    return responses


def _error_schema(codes: list[ErrorCode], refs: Refs) -> Json:
    return {"allOf": [refs[ErrorAnswer], {"properties": {"result": {"enum": [code.value for code in codes]}}}]}
