"""Serves the cloud half of a split.

    python -m examples.split_serving.server parts/ --port 8443 --tls-cert chain.pem --tls-key key.pem

uvicorn speaks HTTP and TLS. It has no deadline for the head of a request, so that a peer without a token could hold a
connection for ever; the protocol here adds one.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import socket
import sys
from pathlib import Path

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from examples.split_serving.agreed import is_loopback, token_of_environment
from examples.split_serving.parts import PartsError, load, read_parts
from examples.split_serving.service import Limits, Service

__all__ = ["HEAD_SECONDS", "configure", "listen", "main"]

HEAD_SECONDS = 5.0
"""Seconds for the head of a request, from its first byte or, for the first of a connection, from its opening."""

_GRACE = 10
"""Seconds that requests get to end when the server is told to."""


class _Patient(H11Protocol):
    """uvicorn's protocol with a deadline for heads; bodies have the service's."""

    head_seconds = HEAD_SECONDS
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.head_seconds, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        waits = self.conn.their_state is h11.IDLE
        if waits and self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self.transport.close)
        elif not waits:
            self._disarm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def configure(
    service: Service, *, head_seconds: float = HEAD_SECONDS, cert: Path | None = None, key: Path | None = None
) -> uvicorn.Config:
    """How uvicorn is to serve it: with this protocol, to few at once, and saying nothing of itself."""

    class Protocol(_Patient):
        pass

    Protocol.head_seconds = head_seconds
    return uvicorn.Config(
        service.app,
        http=Protocol,
        ws="none",
        lifespan="on",
        limit_concurrency=4 * service.limits.slots + 16,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACE,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        ssl_certfile=cert,
        ssl_keyfile=key,
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that waits for connections, which send at once what they are given.

    asyncio sees to that by itself for the sockets it opens; for others, the head and the body of an answer would leave
    in two segments, the second of them 40 ms late, when the client's delayed acknowledgement of the first comes.
    """
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def main(arguments: list[str] | None = None) -> int:
    """The program."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    if (given.tls_cert is None) != (given.tls_key is None):
        return _fail("--tls-cert and --tls-key go together")
    if given.tls_cert is None and not is_loopback(given.host) and not given.insecure:
        return _fail(
            f"{given.host} is not this machine alone, and without TLS token and tensors travel in the clear: give "
            "--tls-cert and --tls-key, or --insecure where something else encrypts"
        )
    try:
        token = token_of_environment()
        parts = read_parts(given.parts)
        infer = load(parts, "cloud", threads=given.intra_op, exact=given.exact)
        limits = Limits(given.body_seconds, given.infer_seconds, given.threads, given.slots)
        service = Service(parts, token, infer, limits)
        config = configure(service, cert=given.tls_cert, key=given.tls_key)
        config.load()  # reads the certificate
        listener = listen(given.host, given.port)
    except (PartsError, ValueError, OSError) as e:
        return _fail(str(e))
    scheme, host = "https" if given.tls_cert else "http", f"[{given.host}]" if ":" in given.host else given.host
    print(f"serving {parts.name} on {scheme}://{host}:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _fail(reason: str) -> int:
    print(f"error: {reason}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    defaults = Limits()
    parser = argparse.ArgumentParser(prog="server", description="Serve the cloud half of a split model.")
    parser.add_argument("parts", type=Path, help="the folder that `edgeplan split -o` has made")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8443, help="0: any that is free; it is printed")
    parser.add_argument("--tls-cert", type=Path, help="the certificate chain, PEM")
    parser.add_argument("--tls-key", type=Path, help="its key, PEM")
    parser.add_argument("--insecure", action="store_true", help="serve other machines without TLS")
    parser.add_argument("--threads", type=int, default=defaults.threads, help="inferences at once")
    parser.add_argument("--slots", type=int, default=defaults.slots, help="requests held at once; more get 503")
    parser.add_argument(
        "--intra-op", type=int, default=0, help="onnxruntime's threads for one inference; 0: it chooses"
    )
    parser.add_argument("--body-seconds", type=float, default=defaults.body_seconds, help="for a body to arrive")
    parser.add_argument("--infer-seconds", type=float, default=defaults.infer_seconds, help="for an inference")
    parser.add_argument("--exact", action="store_true", help="without onnxruntime's fusions: the whole model's bits")
    return parser


if __name__ == "__main__":
    sys.exit(main())
