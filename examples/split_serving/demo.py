"""Server, link and client in one go: what a split takes over links of several qualities, beside what was planned.

    python -m examples.split_serving.demo parts/ model.onnx --network wifi --network lte --network 3g --requests 20

What is compared is the link's part: the bytes, the bandwidth and the round trip are those of the plan, while both
halves compute on this machine, which is neither the device nor the server that was planned for.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from edgeplan.links.network import Network, NetworkError, find_network
from examples.split_serving.agreed import TOKEN
from examples.split_serving.client import SplitClient, made_up
from examples.split_serving.exchange import Exchange, LinkError, Timeouts
from examples.split_serving.frame import extent
from examples.split_serving.link import Link, Shape
from examples.split_serving.parts import Parts, PartsError, load_whole, read_parts
from examples.split_serving.tally import Answer, quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["main", "planned", "serving", "table"]

_NETWORKS = ("wifi", "lte", "3g")
_COLUMNS = ("network", "planned", "link p50", "link p95", "device p50", "server p50", "in all p50", "split", "off by")


@dataclass(frozen=True, slots=True)
class Trial:
    """What was seen over one link: the answers, and how far they are from the whole model's (0: equal in every bit)."""

    network: Network
    planned: float
    answers: Sequence[Answer]
    off: float


def planned(parts: Parts, shape: Shape) -> float:
    """The link's seconds as edgeplan plans them: one round trip, and each byte once. Bodies whose size depends on the
    data count with the most they can take up, and with nothing down.
    """
    up, down = extent(parts.boundary), extent(parts.back)
    return shape.rtt + 8 * (up[1] if up else 0) / shape.up + 8 * (down[1] if down else 0) / shape.down


@contextmanager
def serving(parts: Parts, token: str, *, exact: bool = False) -> Iterator[tuple[str, int]]:
    """The server in a process of its own; where it listens."""
    command = [sys.executable, "-m", "examples.split_serving.server", str(parts.folder.absolute()), "--port", "0"]
    command += ["--exact"] * exact
    environment, root = {**os.environ, TOKEN: token}, Path(__file__).parents[2]
    with (
        tempfile.TemporaryFile("w+") as log,  # a pipe that nobody empties would stop it
        subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        assert server.stdout is not None
        try:
            found = re.search(r"http://\S+", server.stdout.readline())
            if found is None:
                log.seek(0)
                raise PartsError(f"the server does not start: {log.read().strip()}")
            address = urlsplit(found[0])
            yield address.hostname or "", address.port or 0
        finally:
            server.kill()


def tried(
    parts: Parts,
    whole: Path,
    server: tuple[str, int],
    token: str,
    network: Network,
    requests: int,
    *,
    exact: bool = False,
) -> Trial:
    """Send requests over a link of that quality; the first, which opens the connection, does not count."""
    shape = Shape.of(network)
    expected = planned(parts, shape)
    limit = 10 * expected + 5
    run = load_whole(parts, whole, exact=exact)
    with Link(server, shape) as link:
        exchange = Exchange(
            f"http://{link.host}:{link.port}", token, parts.id, timeouts=Timeouts(limit, limit, limit), repeats=0
        )
        with SplitClient(parts, whole, exchange, exact=exact) as client:
            exchange.check()
            client.infer(made_up(parts))
            answers, off = [], 0.0
            for seed in range(requests):
                feeds = made_up(parts, seed)
                answers.append(client.infer(feeds))
                want = run(feeds)
                off = max(off, *(_apart(array, want[name]) for name, array in answers[-1].outputs.items()), 0.0)
    return Trial(network, expected, answers, off)


def _apart(got: NDArray[Any], want: NDArray[Any]) -> float:
    """The largest difference of two arrays beside the largest value; 0 where every bit is equal."""
    if got.tobytes() == want.tobytes() or not want.size:
        return 0.0
    scale = float(abs(want.astype(float)).max()) or 1.0
    return float(abs(got.astype(float) - want.astype(float)).max()) / scale


def table(trials: Sequence[Trial]) -> list[str]:
    """The trials, for people; times in milliseconds."""
    rows: list[Sequence[str]] = [_COLUMNS]
    for trial in trials:
        split = [a for a in trial.answers if a.where == "split"]
        times = [trial.planned]
        if split:
            link, here, there = ([getattr(a, part) for a in split] for part in ("link", "device", "server"))
            times += [quantile(link, 0.5), quantile(link, 0.95), quantile(here, 0.5), quantile(there, 0.5)]
            times.append(quantile([a.seconds for a in split], 0.5))
        cells = [f"{1e3 * t:.1f}" for t in times] + ["-"] * (6 - len(times))
        off = f"{trial.off:.1e}" if trial.off else "no bit"
        rows.append([trial.network.id, *cells, f"{len(split)}/{len(trial.answers)}", off])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]


def main(arguments: list[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="demo", description="Try a split model over links of several qualities.")
    parser.add_argument("parts", type=Path, help="the folder that `edgeplan split -o` has made")
    parser.add_argument("model", type=Path, help="the whole model")
    parser.add_argument("--network", action="append", help="an id that edgeplan knows, or up=5.85,down=20,rtt=50")
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--exact", action="store_true", help="without onnxruntime's fusions: the whole model's bits")
    given = parser.parse_args(arguments)
    token = secrets.token_hex(16)
    try:
        parts = read_parts(given.parts)
        networks = [find_network(name) for name in given.network or _NETWORKS]
        with serving(parts, token, exact=given.exact) as server:
            asked = given.model, server, token
            trials = [tried(parts, *asked, network, given.requests, exact=given.exact) for network in networks]
    except (PartsError, NetworkError, LinkError, ValueError) as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    up, down = ((extent(slots) or ("?", "?"))[1] for slots in (parts.boundary, parts.back))
    print(f"{parts.name}: {up} bytes up, {down} bytes down; milliseconds")
    print("\n".join(table(trials)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
