"""One request over HTTP with a deadline that holds, whatever the other side does.

Python's own `http.client` does it: nothing to install on the device. Its timeouts bound each read of a socket, not a
request, and the look-up of a name not at all. So requests run in a thread of their own; whoever waits for it leaves at
the deadline and closes the socket under it. Proxies of the environment and redirects are not followed, so the token
goes to the host given and no other.
"""

from __future__ import annotations

import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from examples.split_serving.agreed import INFER, MANIFEST, MODEL, is_loopback

__all__ = ["Exchange", "LinkError", "RefusedError", "Reply", "Timeouts"]

_WAKING = 0.05
"""Seconds that the thread gets to end a request that nobody waits for; while it looks up a name, it cannot."""

_AGAIN = 0.05
"""Seconds before a request is repeated the first time; twice as long each time."""


class LinkError(Exception):
    """No answer came: the link, or the server, is dead or slow. In one line."""


class RefusedError(LinkError):
    """The server answers, and will not serve this request nor the next like it: token, halves, size."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect (TCP and TLS), between two reads of an answer, and for a request in all, repeats included."""

    connect: float = 1.0
    read: float = 2.0
    total: float = 3.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered, how many tries it took, and the seconds it says that it computed."""

    body: bytes
    tries: int
    computed: float | None


class Exchange:
    """A connection to the server, kept open between requests; one request at a time."""

    def __init__(
        self,
        url: str,
        token: str,
        model: str,
        *,
        timeouts: Timeouts | None = None,
        repeats: int = 2,
        most: int = 1 << 26,
        ca: str | None = None,
        insecure: bool = False,
    ) -> None:
        """`repeats` is how often a request is sent again, `most` the largest answer in bytes, `ca` a file of trusted
        certificates. Raises `ValueError` on an address that the token must not be sent to.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no http:// or https:// address")
        if parts.scheme == "http" and not insecure and not is_loopback(parts.hostname):
            raise ValueError(f"{url!r} would carry the token and the tensors in the clear: use https://")
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path.rstrip("/")
        self._tls = ssl.create_default_context(cafile=ca) if parts.scheme == "https" else None
        self._headers = {"Authorization": f"Bearer {token}", MODEL: model}
        self.timeouts, self._repeats, self._most = timeouts or Timeouts(), repeats, most
        self._connection: http.client.HTTPConnection | None = None
        self._work: queue.SimpleQueue[tuple[Future[Reply], Callable[[], Reply]] | None] = queue.SimpleQueue()
        self._pending: Future[Reply] | None = None
        self._due = 0.0
        threading.Thread(target=self._serve, name="exchange", daemon=True).start()

    def infer(self, body: bytes) -> Reply:
        """The answer to these tensors. Raises `LinkError` when none came in time, `RefusedError` when none will."""
        return self._wait(self._submit(lambda due: self._repeated(body, due)))

    def probe(self, found: Callable[[bool], None]) -> None:
        """Ask in the background whether the server is there and would take requests, and tell `found`."""
        try:
            pending = self._submit(lambda due: self._once("GET", MANIFEST, None, due))
        except LinkError:
            found(False)
        else:
            pending.add_done_callback(lambda f: found(f.exception() is None))

    def check(self) -> None:
        """Ask now. Raises `LinkError` or `RefusedError`."""
        self._wait(self._submit(lambda due: self._once("GET", MANIFEST, None, due)))

    def close(self) -> None:
        """Close the connection, and end the thread when it is free."""
        self._close()
        self._work.put(None)

    def _submit(self, work: Callable[[float], Reply]) -> Future[Reply]:
        """Give the thread something to do; one thing at a time."""
        if self._pending is not None and not self._pending.done():
            if time.monotonic() > self._due:
                self._close()
                wait([self._pending], _WAKING)
            if not self._pending.done():
                raise LinkError("the last request still hangs")
        self._due = due = time.monotonic() + self.timeouts.total
        self._pending = Future()
        self._work.put((self._pending, lambda: work(due)))
        return self._pending

    def _wait(self, pending: Future[Reply]) -> Reply:
        """What the thread finds, or `LinkError` at the deadline."""
        try:
            return pending.result(max(0.0, self._due - time.monotonic()))
        except TimeoutError:
            self._close()  # wakes the thread
            raise LinkError(f"no answer within {self.timeouts.total:g} s") from None

    def _serve(self) -> None:
        while (task := self._work.get()) is not None:
            pending, work = task
            try:
                reply = work()
            except BaseException as e:
                self._close()
                pending.set_exception(e)
            else:
                pending.set_result(reply)

    def _repeated(self, body: bytes, due: float) -> Reply:
        """Send until there is an answer: the same tensors have the same answer, so that twice does no harm."""
        tries, backoff = 0, _AGAIN
        while True:
            tries += 1
            kept = self._connection is not None
            try:
                reply = self._once("POST", INFER, body, due)
                return Reply(reply.body, tries, reply.computed)
            except _AgainError as e:
                self._close()
                pause = (
                    0.0 if kept and e.broke else max(backoff, e.after)
                )  # a kept connection may have been closed long ago
                if tries > self._repeats or time.monotonic() + pause >= due:
                    raise LinkError(str(e)) from None
            time.sleep(pause)
            backoff *= 2

    def _once(self, method: str, path: str, body: bytes | None, due: float) -> Reply:
        """Send once."""
        try:
            connection = self._connected(due)
            connection.sock.settimeout(self._left(due))  # for all of it: `sendall` counts from its first byte
            with suppress(BrokenPipeError, ConnectionResetError):  # a refusal may stand there to be read all the same
                connection.request(method, self._path + path, body, self._headers)
            connection.sock.settimeout(min(self.timeouts.read, self._left(due)))
            answer = connection.getresponse()
            data = answer.read(self._most + 1)
            if answer.length and len(data) <= self._most:  # asked for so many bytes, it is content with fewer
                raise http.client.IncompleteRead(data, answer.length)
        except TimeoutError:
            raise LinkError("the link or the server is too slow") from None
        except ssl.SSLCertVerificationError as e:
            raise RefusedError(f"the server's certificate is not trusted: {e.verify_message}") from None
        except (OSError, http.client.HTTPException, AttributeError) as e:  # the last: closed under this thread
            raise _AgainError(f"the link broke ({type(e).__name__})", broke=True) from None
        return self._judged(answer, data)

    def _judged(self, answer: http.client.HTTPResponse, data: bytes) -> Reply:
        """The reply, or what the status says instead."""
        if answer.status == 200:
            model = answer.getheader(MODEL)
            if model is None:  # the portal of a hotel's network, or a head that was cut short
                raise _AgainError("what answers is no server of split models")
            if model != self._headers[MODEL]:
                raise RefusedError("the server holds the halves of another split")
            if len(data) > self._most:
                raise RefusedError(f"the answer has more than {self._most} bytes")
            return Reply(data, 1, _computed(answer.getheader("Server-Timing", "")))
        if answer.status == 503:
            raise _AgainError("the server is busy (503)", after=_seconds(answer.getheader("Retry-After", "")))
        if answer.status in (408, 500, 502, 504):
            raise LinkError(f"the server did not manage ({answer.status})")
        raise RefusedError(f"the server refuses ({answer.status})")

    def _connected(self, due: float) -> http.client.HTTPConnection:
        """The open connection, or a new one."""
        if self._connection is None or self._connection.sock is None:  # the server may have closed it after its answer
            timeout = min(self.timeouts.connect, self._left(due))
            if self._tls is None:
                new = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
            else:
                new = http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._tls)
            self._connection = new
            new.connect()
        return self._connection

    def _left(self, due: float) -> float:
        left = due - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _close(self) -> None:
        """Close the connection, from whichever thread: a read that waits for it fails."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)  # close alone would not wake a thread that reads
            connection.close()


class _AgainError(LinkError):
    """A failure after which to send again, `after` so many seconds; `broke`: there was no answer at all."""

    def __init__(self, message: str, *, after: float = 0.0, broke: bool = False) -> None:
        super().__init__(message)
        self.after, self.broke = after, broke


def _computed(header: str) -> float | None:
    """The seconds of `infer` in a Server-Timing header."""
    for entry in header.split(","):
        name, *fields = (f.strip() for f in entry.split(";"))
        for field in fields:
            if name == "infer" and field.startswith("dur="):
                with suppress(ValueError):
                    return float(field[4:]) / 1000
    return None


def _seconds(header: str) -> float:
    """The seconds of a Retry-After header; 0 where it is a date or nonsense."""
    return float(header) if header.isdecimal() and len(header) < 6 else 0.0
