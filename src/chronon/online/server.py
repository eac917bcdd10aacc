"""Features over HTTP: the application, and a server on a port."""

from __future__ import annotations

import gc
import hmac
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from chronon.base.errors import StorageError
from chronon.online.features_route import PREFIX, Features, Receive, Scope, Send, reply
from chronon.online.fetcher import Fetcher
from chronon.online.pages import pages
from chronon.online.workers import run_workers
from chronon.store.opening import open_store

OPEN_PATHS = frozenset({"/ping", "/health"})
"""What may be read without a token."""
_PREFIX = PREFIX.decode()


class Application:
    """The whole server as one ASGI application. Made by ``app``."""

    def __init__(self, fetcher: Fetcher, config: Mapping[str, Any], *, token: str | None, allow_at: bool) -> None:
        self.fetcher = fetcher
        self._features = Features(fetcher, allow_at=allow_at)
        self._pages = pages(fetcher, config)
        self._expected = f"Bearer {token}".encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        path: str = scope["path"]
        if self._expected is not None and path not in OPEN_PATHS and not self._has_token(scope):
            await reply(send, 401, {"errors": ["the token is missing or wrong: Authorization: Bearer TOKEN"]})
        elif not path.startswith(_PREFIX):
            await self._pages(scope, receive, send)
        else:
            try:
                await self._features(scope, receive, send)
            except Exception as error:
                await reply(send, 500, {"errors": [f"{type(error).__name__}: {error}"]})
                raise

    def _has_token(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        return hmac.compare_digest(given, self._expected or b"")


def app(
    fetcher: Fetcher,
    *,
    token: str | None = None,
    allow_at: bool = False,
    config: Mapping[str, Any] | None = None,
) -> Application:
    """The application over a fetcher.

    Parameters
    ----------
    fetcher:
        What answers.
    token:
        If given, requests must carry it as a bearer token; only ``/ping`` and ``/health`` are open.
    allow_at:
        Whether requests may name their instant, ``?at=MS``.
    config:
        What ``/config`` shows. Put no secrets here.
    """
    shown = {"allowAt": allow_at, "authentication": token is not None, **(config or {})}
    return Application(fetcher, shown, token=token, allow_at=allow_at)


def serve(
    store_url: str,
    *,
    host: str = "127.0.0.1",
    port: int = 9000,
    workers: int = 1,
    token: str | None = None,
    allow_at: bool = False,
) -> None:
    """Serve a store on a port until the process is told to end (interrupt or SIGTERM).

    Parameters
    ----------
    store_url:
        As for ``open_store``; every worker opens it for itself.
    host:
        The address to listen on; by default only this machine.
    port:
        0 takes a free one. The address is printed on standard error.
    workers:
        Processes that share the port.
    token, allow_at:
        As for ``app``.

    Raises
    ------
    StorageError
        If the port is taken, or the store cannot be opened.
    """
    open_store(store_url).close()
    listening = listen(host, port)
    address = f"http://{host}:{listening.getsockname()[1]}"
    config = {"store": without_password(store_url), "address": address}
    work = partial(_work, store_url, token=token, allow_at=allow_at, config=config)
    sys.stderr.write(f"Serving {config['store']} on {address}\n")
    sys.stderr.flush()
    with listening:
        if workers > 1:
            run_workers(work, listening, workers)
        else:
            work(listening)


def _work(store_url: str, listening: socket.socket, *, token: str | None, allow_at: bool, config: Any) -> None:
    """Serve from a socket in this process."""
    import uvicorn

    made = app(Fetcher(open_store(store_url)), token=token, allow_at=allow_at, config=config)
    settings = uvicorn.Config(
        made,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=60,
    )
    gc.collect()
    gc.freeze()  # what is loaded now stays: no collection need look at it again
    with suppress(KeyboardInterrupt):  # it has finished its work by then
        uvicorn.Server(settings).run(sockets=[listening])


def without_password(url: str) -> str:
    """A URL as it may be shown.

    >>> without_password("redis://me:secret@host:6379/0")
    'redis://...@host:6379/0'
    """
    scheme, colon, rest = url.partition("://")
    credentials, at, place = rest.rpartition("@")
    return f"{scheme}{colon}...@{place}" if at and "/" not in credentials else url


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on an address.

    Raises
    ------
    StorageError
        If the port is taken or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(2048)
    except OSError as error:
        made.close()
        raise StorageError(
            f"the server cannot listen on {host}:{port}: {error.strerror}",
            mend="end the process that uses the port, or choose another with --port (0 takes a free one)",
        ) from error
    return made
