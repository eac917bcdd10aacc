"""The description of the server for machines."""

from __future__ import annotations

from typing import Any


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    from chronon import __version__

    return {
        "openapi": "3.1.0",
        "info": {"title": "Chronon features", "version": __version__},
        "paths": {
            "/v1/features/join/{name}": {"post": _features("join", "the left side of the join")},
            "/v1/features/groupby/{name}": {"post": _features("group-by", "the group-by")},
            "/v1/joins": {"get": _get("The names of all joins", {"joins": {"type": "array", "items": _TEXT}})},
            "/v1/joins/{name}/schema": {"get": _schema("join")},
            "/v1/groupbys/{name}/schema": {"get": _schema("group-by")},
            "/ping": {"get": _plain("Pong!", "application/json", _TEXT)},
            "/health": {"get": _get("Whether the store can be read", {"status": _TEXT})},
            "/config": {"get": _plain("The effective configuration", "application/json", {"type": "object"})},
            "/metrics": {"get": _plain("Counters for Prometheus", "text/plain", _TEXT)},
        },
        "components": {
            "schemas": {
                "Keys": {"type": "object", "additionalProperties": True},
                "Result": {
                    "type": "object",
                    "required": ["status", "entityKeys"],
                    "properties": {
                        "status": {"enum": ["Success", "Failure"]},
                        "entityKeys": {"$ref": "#/components/schemas/Keys"},
                        "features": {
                            "type": "object",
                            "additionalProperties": True,
                            "description": "Absent if nothing is known of the entity. A part that failed has "
                            "<part>_exception with the reason instead of its features.",
                        },
                        "error": {"type": "string"},
                    },
                },
                "Errors": {
                    "type": "object",
                    "required": ["errors"],
                    "properties": {"errors": {"type": "array", "items": {"type": "string"}}},
                },
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_TEXT: dict[str, Any] = {"type": "string"}
_NAME: dict[str, Any] = {
    "name": "name",
    "in": "path",
    "required": True,
    "schema": _TEXT,
    "description": "With dots (shop.checkout.v1), or with an encoded slash (shop%2Fcheckout.v1).",
}


def _features(kind: str, keys: str) -> dict[str, Any]:
    results = {"type": "array", "items": {"$ref": "#/components/schemas/Result"}}
    return {
        "summary": f"Features of a {kind} for a list of entities",
        "parameters": [
            _NAME,
            {
                "name": "at",
                "in": "query",
                "schema": {"type": "integer", "format": "int64"},
                "description": "The instant in ms, if the server allows it; without it, now.",
            },
        ],
        "requestBody": {
            "required": True,
            "description": f"One object for each entity, with the keys of {keys}.",
            "content": {
                "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Keys"}}}
            },
        },
        "responses": {
            "200": _content("One result for each entity, in order", {"results": results}),
            "400": _errors("The body is no array of objects"),
            "401": _errors("The token is missing or wrong"),
        },
    }


def _schema(kind: str) -> dict[str, Any]:
    types = {"type": "object", "additionalProperties": _TEXT}
    found = _get(f"Keys and features of a {kind} with their types", {"name": _TEXT, "keys": types, "features": types})
    found["parameters"] = [_NAME]
    found["responses"]["404"] = _errors(f"There is no such {kind}")
    return found


def _get(summary: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _content(summary, properties)}}


def _plain(summary: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    content = {kind: {"schema": schema}}
    return {"summary": summary, "responses": {"200": {"description": summary, "content": content}}}


def _content(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _errors(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Errors"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}
