"""A link of chosen quality on one machine: a TCP proxy on loopback that delays, limits, stalls, resets, and can be cut.

    python -m examples.split_serving.link 127.0.0.1:8443 --network lte

It stands in for a network; it is none. What it does:

* Bandwidth: each direction sends so many bits of payload a second, whoever shares it. Headers of TCP and below do not
  count.
* Delay: half a round trip each way, and one round trip before the first byte of a connection, for its handshake.
  TLS handshakes take their round trips by themselves.
* Loss: TCP repeats what is lost, so a program never sees a gap but a stall. A burst of segments with a lost one is held
  back by a retransmission timeout, and all behind it: the round trip and 200 ms, Linux's least (`TCP_RTO_MIN`), twice
  as long if it is lost again. This is the bad case: with enough in flight, fast retransmission takes one round trip.
* Resets: a burst may break the connection instead, as a change of network does.
* A cut link carries nothing and says nothing. Connections still seem to open, for the proxy's kernel accepts them: what
  runs out is the time for an answer, not the time to connect. Restored, it goes on where it stood.

What it leaves out: slow start and congestion control, queues that fill up, and links that change from one moment to the
next. Draws are seeded for each connection and direction; how bytes fall into bursts still depends on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import random
import socket
import struct
import sys
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from edgeplan.links.network import Network

__all__ = ["Link", "Shape", "main"]

T = TypeVar("T")

_SEGMENT = 1460  # bytes of payload in an Ethernet frame, over IPv4

_BURST = 10 * _SEGMENT
"""Bytes sent at once: the initial window of RFC 6928."""

_LEAST_TIMEOUT = 0.2
"""Seconds that Linux waits at the least beyond a round trip before it sends again (`TCP_RTO_MIN`)."""

_FIRST_TIMEOUT = 1.0
"""Seconds before the opening segment of a connection is sent again (RFC 6298, 2.1)."""

_AT_ONCE = 2e-4
"""Seconds within which a read returns when there is something to be read."""

_REPEATS = 6
"""How often a segment is lost in a row at the most."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The quality of a link: bit/s up and down, inf where not limited; seconds of a round trip; the parts of segments
    that are lost and of bursts that break the connection, 0 to 1.
    """

    up: float = math.inf
    down: float = math.inf
    rtt: float = 0.0
    loss: float = 0.0
    resets: float = 0.0

    def __post_init__(self) -> None:
        if not (self.up > 0 and self.down > 0 and 0 <= self.rtt < math.inf):
            raise ValueError("a link has a bandwidth above 0 and a round trip of 0 s or more: cut it to have none")
        if not (0 <= self.loss < 1 and 0 <= self.resets <= 1):
            raise ValueError("the parts lost and reset lie between 0 and 1")

    @classmethod
    def of(cls, network: Network) -> Shape:
        """The likely quality of a network that edgeplan knows."""
        if network.rtt is None:
            raise ValueError(f"the round trip of {network.id} is not known: write {network.id},rtt=MILLISECONDS")
        return cls(network.up.likely, network.down.likely, network.rtt.likely, network.loss or 0.0)


class _Lane:
    """One direction of the link, shared by all connections: so many bits a second go through."""

    def __init__(self) -> None:
        self.bits = math.inf
        self.bytes = 0
        self.stalls = 0
        self._free = 0.0

    async def take(self, count: int, *, waiting: bool) -> float:
        """Come back when `count` bytes have been put on the wire; the time at which they were. Bytes that have been
        `waiting` leave right behind the last ones, even if this program has woken too late for that.
        """
        loop = asyncio.get_running_loop()
        start = self._free if waiting else max(self._free, loop.time())
        self._free = gone = start + 8 * count / self.bits
        self.bytes += count
        await asyncio.sleep(gone - loop.time())
        return gone


class Link:
    """The proxy from `host:port` to a server, in a thread of its own: use it in a `with`, and from any thread."""

    host = "127.0.0.1"

    def __init__(self, server: tuple[str, int], shape: Shape | None = None, *, seed: int = 0) -> None:
        self._server, self._shape, self._seed = server, shape or Shape(), seed
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="link", daemon=True)
        self._carries = asyncio.Event()
        self._up, self._down = _Lane(), _Lane()
        self._open: set[asyncio.Task[None]] = set()
        self._count = 0
        self.port = 0

    def __enter__(self) -> Link:
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(self, *raised: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def carried(self) -> tuple[int, int]:
        """Bytes carried so far, up and down."""
        return self._up.bytes, self._down.bytes

    @property
    def stalls(self) -> int:
        """How often a loss has held a burst back."""
        return self._up.stalls + self._down.stalls

    def change(self, shape: Shape) -> None:
        """Give the link another quality, from the next burst on."""
        self._call(self._change(shape))

    def cut(self) -> None:
        """Carry nothing from now on."""
        self._call(self._let(False))

    def restore(self) -> None:
        """Carry on, with what was held back first."""
        self._call(self._let(True))

    def reset(self) -> None:
        """Break all connections there are."""
        self._call(self._reset())

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self) -> None:
        self._carries.set()
        await self._change(self._shape)
        self._listener = await asyncio.start_server(self._accept, self.host, 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._listener.close()
        await self._reset()

    async def _change(self, shape: Shape) -> None:
        self._shape = shape
        self._up.bits, self._down.bits = shape.up, shape.down

    async def _let(self, carries: bool) -> None:
        (self._carries.set if carries else self._carries.clear)()

    async def _reset(self) -> None:
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self._count += 1
        name, ends = f"{self._seed}/{self._count}", [writer]
        try:
            lot = random.Random(f"{name}/open")
            await asyncio.sleep(self._shape.rtt + self._stalled(lot, 1, _FIRST_TIMEOUT))
            await self._carries.wait()
            from_server, to_server = await asyncio.open_connection(*self._server)
            ends.append(to_server)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, to_server, self._up, random.Random(f"{name}/up")))
                both.create_task(self._carry(from_server, writer, self._down, random.Random(f"{name}/down")))
        except* (OSError, asyncio.CancelledError):
            for end in ends:
                _reset(end)
        finally:
            for end in ends:
                end.close()
            self._open.discard(task)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lane: _Lane, lot: random.Random
    ) -> None:
        """Carry one direction of a connection to its end."""
        loop = asyncio.get_running_loop()
        held: asyncio.Queue[tuple[float, bytes | None]] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver(held, writer))
            due = 0.0
            data: bytes | None = b"?"
            while data:
                asked = loop.time()
                try:
                    data = await reader.read(_BURST)
                except OSError:
                    data = None
                gone, wait = loop.time(), 0.0
                if data:
                    gone = await lane.take(len(data), waiting=due > 0 and gone - asked < _AT_ONCE)
                    wait = self._stalled(lot, len(data), self._shape.rtt + _LEAST_TIMEOUT)
                    lane.stalls += wait > 0
                    if lot.random() < self._shape.resets:
                        data = None
                due = max(due, gone + self._shape.rtt / 2 + wait)  # TCP keeps the order: all behind waits, too
                held.put_nowait((due, data))

    async def _deliver(self, held: asyncio.Queue[tuple[float, bytes | None]], writer: asyncio.StreamWriter) -> None:
        """Hand over what has been on its way long enough: bytes, the end of them (empty), or a reset (None)."""
        loop = asyncio.get_running_loop()
        while True:
            due, data = await held.get()
            await asyncio.sleep(due - loop.time())
            await self._carries.wait()
            if data is None:
                raise ConnectionResetError
            if not data:
                with contextlib.suppress(OSError):  # the other side may be gone
                    writer.write_eof()
                return
            writer.write(data)
            await writer.drain()

    def _stalled(self, lot: random.Random, count: int, timeout: float) -> float:
        """Seconds that a burst of so many bytes is held back by loss."""
        loss, wait = self._shape.loss, 0.0
        chance = 1 - (1 - loss) ** math.ceil(count / _SEGMENT)
        for _ in range(_REPEATS):
            if lot.random() >= chance:
                break
            wait, timeout, chance = wait + timeout, 2 * timeout, loss
        return wait


def _reset(end: asyncio.StreamWriter) -> None:
    """Break a connection so that the other side sees a reset, and no end: closing with no time to linger does that."""
    connection = end.get_extra_info("socket")
    with contextlib.suppress(OSError):  # closed already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.transport.abort()


def main(arguments: list[str] | None = None) -> int:
    """The program: a link to a server until its input ends; each line of that is a command."""
    from edgeplan.links.network import find_network

    parser = argparse.ArgumentParser(prog="link", description="A link of chosen quality to a server on this machine.")
    parser.add_argument("server", help="HOST:PORT")
    parser.add_argument(
        "--network", default="lte", help="an id that edgeplan knows, or up=5.85,down=20,rtt=50,loss=0.01"
    )
    given = parser.parse_args(arguments)
    host, _, port = given.server.rpartition(":")
    try:
        link = Link((host, int(port)), Shape.of(find_network(given.network)))
    except ValueError as e:  # no such network, or no port
        print(f"error: {e}", file=sys.stderr)
        return 2
    with link:
        print(f"http://{link.host}:{link.port} leads to {given.server}; cut, restore, reset, or a network", flush=True)
        for line in map(str.strip, sys.stdin):
            if line in ("cut", "restore", "reset"):
                getattr(link, line)()
                continue
            try:
                link.change(Shape.of(find_network(line)))
            except ValueError as e:
                print(f"error: {e}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
