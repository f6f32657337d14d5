"""The description of the API (接口描述): OpenAPI 3.1, made from the operations. The same operations, the same bytes.

Shapes are JSON Schema 2020-12 as msgspec derives them from the types that the door itself decodes with.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from central_hub.doors.openapi.operations import JSON, NAMES, PREFIX, PROBLEM, Operation
from central_hub.doors.openapi.problems import Problem

OPENAPI = "3.1.0"
NOT_MODIFIED = 304
VERSION = "1"
_REFERENCE = "#/components/schemas/{name}"
_SAID = {
    400: "请求内容有误 garbled",
    401: "未登录 not signed in",
    403: "缺少权限 a right is missing",
    404: "不存在或无权查看 there is none, or none to be seen",
    409: "规则不允许 refused by the rules",
    413: "请求过大 too large",
    415: "媒体类型不支持 not JSON",
    429: "请稍后再试 too often",
    503: "服务不可用 the hub cannot answer now",
}
_DESCRIPTION = (
    "The hub of Passlane (车检中心). Sign in at /sign-in and give the token as Bearer. Times are Unix milliseconds of "
    "the hub, days those of Beijing. What is refused is answered as application/problem+json with a stable code and a "
    "sentence in Chinese and English."
)

Schema = dict[str, Any]


class _Shapes:
    """The types of all operations, and where their schemas stand."""

    def __init__(self, types: Sequence[Any]) -> None:
        self._types = list(types)
        self._schemas, self.components = msgspec.json.schema_components(self._types, ref_template=_REFERENCE)

    def of(self, wanted: Any) -> Schema:
        """Return the schema of a type."""
        return self._schemas[next(number for number, known in enumerate(self._types) if known == wanted)]


def document(operations: Sequence[Operation]) -> Schema:
    """Return the whole description of these operations."""
    shapes = _Shapes([Problem, *_types(operations)])
    paths: dict[str, Schema] = {}
    for operation in operations:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = _described(operation, shapes)
    return {
        "openapi": OPENAPI,
        "info": {"title": "Passlane", "version": VERSION, "description": _DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": shapes.components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
    }


def _types(operations: Iterable[Operation]) -> Iterator[Any]:
    for operation in operations:
        yield from (wanted for wanted in (operation.body, operation.answer) if wanted is not None)
        yield from (NAMES[name] for name in operation.names)
        yield from (field.type for field in msgspec.structs.fields(operation.query))


def _described(operation: Operation, shapes: _Shapes) -> Schema:
    needed = " / ".join(operation.rights)
    said: Schema = {
        "operationId": operation.id,
        "summary": f"{operation.zh} {operation.en}",
        "tags": [operation.tag],
        "security": [] if operation.access == "public" else [{"token": []}],
        "responses": {**_good(operation, shapes), **_bad(operation, shapes)},
    }
    if needed:
        said["description"] = f"需要权限 needs the right: {needed}"
    parameters = [*_path_parameters(operation, shapes), *_query_parameters(operation, shapes)]
    if parameters:
        said["parameters"] = parameters
    if operation.body is not None:
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": shapes.of(operation.body)}}}
    return said


def _good(operation: Operation, shapes: _Shapes) -> Schema:
    said: Schema = {"description": operation.en}
    if operation.answer is not None:
        said["content"] = {JSON: {"schema": shapes.of(operation.answer)}}
    elif operation.media != (JSON,):
        said["content"] = {media: {} for media in operation.media}
    found: Schema = {str(operation.status): said}
    return found | ({"304": {"description": "没有变化 nothing new"}} if NOT_MODIFIED in operation.also else {})


def _bad(operation: Operation, shapes: _Shapes) -> Schema:
    content = {PROBLEM: {"schema": shapes.of(Problem)}}
    statuses = [status for status in operation.refusals if status in _SAID]
    return {str(status): {"description": _SAID[status], "content": content} for status in statuses}


def _path_parameters(operation: Operation, shapes: _Shapes) -> Iterator[Schema]:
    for name in operation.names:
        yield {"name": name, "in": "path", "required": True, "schema": shapes.of(NAMES[name])}


def _query_parameters(operation: Operation, shapes: _Shapes) -> Iterator[Schema]:
    for field in msgspec.structs.fields(operation.query):
        yield {"name": field.name, "in": "query", "required": field.required, "schema": shapes.of(field.type)}
