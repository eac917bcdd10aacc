"""Everything a server answers beside features: what it is, how it is, what it serves. Nothing here is in a hurry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from chronon.base.errors import ChrononError, RequestError
from chronon.base.time import day_of
from chronon.online.fetcher import Fetcher
from chronon.online.openapi import document
from chronon.sql.user import failed_calls

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request as HTTPRequest
    from starlette.responses import Response as HTTPResponse


def pages(fetcher: Fetcher, config: Mapping[str, Any]) -> Starlette:
    """The application of the slower routes.

    Parameters
    ----------
    fetcher:
        Whose store and counters are shown.
    config:
        What ``/config`` shows; nothing secret may be in it.
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    found = _Pages(fetcher, config)
    return Starlette(
        routes=[
            Route("/ping", found.ping),
            Route("/health", found.health),
            Route("/config", found.config),
            Route("/metrics", found.metrics),
            Route("/openapi.json", found.openapi),
            Route("/docs", found.docs),
            Route("/v1/joins", found.joins),
            Route("/v1/joins/{name:path}/schema", found.join_schema),
            Route("/v1/groupbys/{name:path}/schema", found.group_by_schema),
        ]
    )


class _Pages:
    def __init__(self, fetcher: Fetcher, config: Mapping[str, Any]) -> None:
        self._fetcher = fetcher
        self._config = dict(config)

    def ping(self, _: HTTPRequest) -> HTTPResponse:
        return _json("Pong!")

    def health(self, _: HTTPRequest) -> HTTPResponse:
        try:
            self._fetcher.store.version()
        except ChrononError as error:
            return _json({"status": "failing", "error": str(error)}, 503)
        return _json({"status": "ok"})

    def config(self, _: HTTPRequest) -> HTTPResponse:
        return _json(self._config)

    def joins(self, _: HTTPRequest) -> HTTPResponse:
        return _json({"joins": self._fetcher.catalogue.joins()})

    def join_schema(self, request: HTTPRequest) -> HTTPResponse:
        return _described(describe_join, self._fetcher, request.path_params["name"])

    def group_by_schema(self, request: HTTPRequest) -> HTTPResponse:
        return _described(describe_group_by, self._fetcher, request.path_params["name"])

    def metrics(self, _: HTTPRequest) -> HTTPResponse:
        self._fetcher.metrics.functions_failed(failed_calls())
        return _text(self._fetcher.metrics.text(), "text/plain; version=0.0.4")

    def openapi(self, _: HTTPRequest) -> HTTPResponse:
        return _json(document())

    def docs(self, _: HTTPRequest) -> HTTPResponse:
        return _text(files("chronon.online").joinpath("docs.html").read_text(encoding="utf-8"), "text/html")


def describe_join(fetcher: Fetcher, name: str) -> dict[str, Any]:
    """The keys and features of a join with their types, and how fresh its parts are."""
    fetcher.catalogue.refresh()
    join = fetcher.catalogue.join(name)
    return {
        "name": join.name,
        "keys": {key: str(kind) for key, kind in join.key_types.items()},
        "features": {column: str(kind) for column, kind in join.outputs.items()},
        "parts": [
            {"prefix": part.prefix, "groupBy": part.name, "error": str(part.problem)}
            if part.group_by is None
            else {
                "prefix": part.prefix,
                "groupBy": part.name,
                "batchEnd": part.group_by.batch_end,
                "batchEndDate": day_of(part.group_by.batch_end),
            }
            for part in join.parts
        ],
    }


def describe_group_by(fetcher: Fetcher, name: str) -> dict[str, Any]:
    """The keys and features of a group-by with their types, and how fresh it is."""
    fetcher.catalogue.refresh()
    group_by = fetcher.catalogue.group_by(name)
    return {
        "name": group_by.name,
        "keys": {key: str(kind) for key, kind in group_by.key_types.items()},
        "features": {column: str(kind) for column, kind in group_by.outputs.items()},
        "batchEnd": group_by.batch_end,
        "batchEndDate": day_of(group_by.batch_end),
        "generation": group_by.published.generation,
    }


def _described(describe: Callable[[Fetcher, str], dict[str, Any]], fetcher: Fetcher, name: str) -> HTTPResponse:
    try:
        return _json(describe(fetcher, name))
    except RequestError as error:
        return _json({"errors": [str(error)]}, 404)
    except ChrononError as error:
        return _json({"errors": [str(error)]}, 500)


def _json(content: Any, status: int = 200) -> HTTPResponse:
    from starlette.responses import Response

    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _text(content: str, kind: str) -> HTTPResponse:
    from starlette.responses import Response

    return Response(content, media_type=kind)
