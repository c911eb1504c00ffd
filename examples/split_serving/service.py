"""The server's side of a split model as an ASGI application: who may ask, how much, for how long, what is said back.

A request is judged in this order, and the first thing amiss is the answer, a JSON object `{"error": ...}`:

| status | why |
|---|---|
| 404, 405 | no such path or method |
| 401 | no token, or a wrong one |
| 409 | the client holds the halves of another split |
| 400, 415 | a length that contradicts itself; a compressed body |
| 413 | more bytes than these tensors can have: announced, or sent |
| 503 | as many requests as `Limits.slots` are being held |
| 408 | the body did not arrive in time |
| 400 | the body is not what the manifest says |
| 422 | onnxruntime refuses the tensors |
| 504 | no result in time |

onnxruntime runs in threads, never in the event loop. Memory is bounded by `slots` bodies and `threads` inferences.
Of a request, the log holds the path, the status and the time; of the server, an answer holds the reason alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examples.split_serving.agreed import INFER, MANIFEST, MODEL
from examples.split_serving.frame import FrameError, extent, pack, unpack
from examples.split_serving.parts import Parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Limits", "Service"]

Infer = Callable[[dict[str, "NDArray[Any]"], Any], dict[str, "NDArray[Any]"]]
"""The cloud half: tensors by name, and the run options that can stop it, to tensors by name."""

log = logging.getLogger("split_serving")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for a body, and for an inference with its wait for a thread; inferences and requests held at once."""

    body_seconds: float = 10.0
    infer_seconds: float = 10.0
    threads: int = 2
    slots: int = 8


class _RefusalError(Exception):
    """An answer other than the result."""

    def __init__(self, status: int, reason: str, **headers: str) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, headers


class Service:
    """Answers requests with the cloud half of a split; `app` is the ASGI application."""

    def __init__(self, parts: Parts, token: str, infer: Infer, limits: Limits | None = None) -> None:
        self._parts, self._infer, self.limits = parts, infer, limits or Limits()
        self._secret = hashlib.sha256(token.encode()).digest()
        size = extent(parts.boundary)
        if size is None:
            raise ValueError("a tensor that is sent has no fixed shape")
        self._least, self._most = size
        self._held = 0
        self._running: set[Any] = set()
        self._pool = ThreadPoolExecutor(self.limits.threads, thread_name_prefix="infer")
        self.app = Starlette(
            routes=[
                Route("/healthz", self._health, methods=["GET"]),
                Route(MANIFEST, self._guarded(self._manifest), methods=["GET"]),
                Route(INFER, self._guarded(self._result), methods=["POST"]),
            ],
            lifespan=self._lifespan,
            exception_handlers={HTTPException: _no_such},
        )
        self.app.router.redirect_slashes = False

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        for options in self._running:  # past the time given to end
            options.terminate = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _manifest(self, _request: Request) -> Response:
        return Response(self._parts.text, media_type="application/json")

    def _guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """`answer` for those who may ask; every failure becomes one line of JSON and one of the log."""

        async def guarded(request: Request) -> Response:
            start = time.perf_counter()
            response: Response
            try:
                self._admit(request)
                response = await answer(request)
            except _RefusalError as e:
                response = _said(e.status, e.reason, **e.headers)
            except ClientDisconnect:
                response = _said(400, "the body ends too early")  # for the log: nobody hears it
            except Exception as e:  # its words may hold data
                log.error("%s", type(e).__name__)
                response = _said(500, "internal error", Connection="close")
            if response.status_code != 401:
                response.headers[MODEL] = self._parts.id
            taken = 1e3 * (time.perf_counter() - start)
            log.info("%s %s: %d, %.1f ms", request.method, request.url.path, response.status_code, taken)
            return response

        return guarded

    def _admit(self, request: Request) -> None:
        """Raise a refusal where the token or the halves are not the server's."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = hashlib.sha256(token.strip().encode("latin-1", "replace")).digest()  # of one length, so that none leaks
        if not hmac.compare_digest(given, self._secret) or scheme.lower() != "bearer":
            raise _RefusalError(
                401, "a bearer token is wanted", **{"WWW-Authenticate": "Bearer", "Connection": "close"}
            )
        if request.headers.get(MODEL) != self._parts.id:
            raise _RefusalError(409, "the server holds the halves of another split", Connection="close")

    async def _result(self, request: Request) -> Response:
        """The cloud half's outputs for the tensors in the body."""
        self._judge_head(request)
        if self._held >= self.limits.slots:
            raise _RefusalError(503, "busy", **{"Retry-After": "1", "Connection": "close"})
        self._held += 1
        running: Future[tuple[bytes, float]] | None = None
        try:
            body = await self._body(request)
            options = _run_options()
            running = self._pool.submit(self._compute, body, options)
        finally:
            if running is None:
                self._held -= 1
        self._running.add(options)
        loop = asyncio.get_running_loop()
        running.add_done_callback(lambda _: _call_soon(loop, self._release, options))  # a late one holds its slot
        try:
            async with asyncio.timeout(self.limits.infer_seconds):
                answer, seconds = await asyncio.wrap_future(running)
        except TimeoutError:
            options.terminate = True
            raise _RefusalError(504, "no result in time") from None
        timing = {"Server-Timing": f"infer;dur={1e3 * seconds:.3f}"}
        return Response(answer, media_type="application/octet-stream", headers=timing)

    def _release(self, options: Any) -> None:
        self._held -= 1
        self._running.discard(options)

    def _judge_head(self, request: Request) -> None:
        """Raise a refusal where the headers alone tell that the body is none."""
        length = request.headers.get("content-length")
        if length is not None and "transfer-encoding" in request.headers:
            raise _RefusalError(400, "a body has a length or comes in chunks, not both", Connection="close")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise _RefusalError(415, "the body must not be compressed", Connection="close")
        if length is not None and int(length) > self._most:  # digits alone: the HTTP parser has seen to it
            raise _RefusalError(413, f"a body has {self._most} bytes at the most", Connection="close")

    async def _body(self, request: Request) -> bytes:
        """The whole body, if it is no longer than it can be and does not take too long."""
        body = bytearray()
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                async for piece in request.stream():
                    body += piece
                    if len(body) > self._most:
                        raise _RefusalError(413, f"a body has {self._most} bytes at the most", Connection="close")
        except TimeoutError:
            raise _RefusalError(408, "the body did not arrive in time", Connection="close") from None
        if len(body) < self._least:
            raise _RefusalError(400, f"a body has {self._least} bytes at the least")
        return bytes(body)

    def _compute(self, body: bytes, options: Any) -> tuple[bytes, float]:
        """In a thread: body to answer, and the seconds it took."""
        start = time.perf_counter()
        try:
            tensors = unpack(self._parts.boundary, body)
        except FrameError as e:
            raise _RefusalError(400, str(e)) from None
        try:
            results = self._infer(tensors, options)
        except Exception as e:  # onnxruntime has a class of its own for each of its errors, and quotes data in them
            log.warning("onnxruntime: %s", type(e).__name__)
            raise _RefusalError(422, "the model refuses these tensors") from None
        return pack(self._parts.back, results), time.perf_counter() - start


def _said(status: int, reason: str, **headers: str) -> Response:
    return JSONResponse({"error": reason}, status, headers)


async def _no_such(_request: Request, e: Exception) -> Response:
    """What Starlette refuses by itself, in the same form."""
    status = e.status_code if isinstance(e, HTTPException) else 500
    return _said(status, "no such path" if status == 404 else "no such method", Connection="close")


def _run_options() -> Any:
    import onnxruntime

    return onnxruntime.RunOptions()


def _call_soon(loop: asyncio.AbstractEventLoop, work: Callable[[Any], None], what: Any) -> None:
    """Do it in the event loop, unless that has ended."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(work, what)
