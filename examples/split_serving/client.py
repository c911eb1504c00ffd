"""The device's side: runs the first half, asks the server for the rest, and runs the whole model where no answer comes.

    python -m examples.split_serving.client parts/ --url http://127.0.0.1:8443 --fallback model.onnx --requests 20

Every request gets an answer, in the order asked: a link that is dead, slow or refused costs its time limit once or
twice, then rests (see breaker.py), and is probed in the background while the device answers alone.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from examples.split_serving.agreed import token_of_environment
from examples.split_serving.breaker import Breaker
from examples.split_serving.exchange import Exchange, LinkError, RefusedError, Timeouts
from examples.split_serving.frame import FrameError, pack, unpack
from examples.split_serving.parts import Parts, PartsError, load, load_whole, read_parts
from examples.split_serving.tally import Answer, Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SplitClient", "made_up", "main"]


class SplitClient:
    """Answers requests with a split model over a link, or without it. One request at a time; use it in a `with`."""

    def __init__(
        self,
        parts: Parts,
        fallback: Path,
        exchange: Exchange,
        *,
        breaker: Breaker | None = None,
        threads: int = 0,
        exact: bool = False,
    ) -> None:
        """`fallback` is the whole model; `exact`: without fusions, so that all bits are the whole model's. Raises
        `PartsError` where a file is not the manifest's.
        """
        self._parts, self._exchange = parts, exchange
        self.breaker = breaker or Breaker()
        self._device = load(parts, "device", threads=threads, exact=exact)
        self._whole = load_whole(parts, fallback, threads=threads, exact=exact)
        self._lock = threading.Lock()
        self.tally = Tally()

    def __enter__(self) -> SplitClient:
        return self

    def __exit__(self, *raised: object) -> None:
        self._exchange.close()

    def answers(self, requests: Iterable[Mapping[str, NDArray[Any]]]) -> Iterator[Answer]:
        """The answer to each of some requests, in order."""
        return map(self.infer, requests)

    def infer(self, feeds: Mapping[str, NDArray[Any]]) -> Answer:
        """The answer to one request, its inputs by name. What onnxruntime raises on wrong inputs comes through."""
        with self._lock:
            answer = self._infer(dict(feeds), time.perf_counter())
            self.tally.add(answer)
            return answer

    def _infer(self, feeds: dict[str, NDArray[Any]], start: float) -> Answer:
        if self.breaker.due():
            self._exchange.probe(self.breaker.probed)
        if self.breaker.rests:
            return self._alone(feeds, start, 0.0, "the link rests")
        results = self._device(feeds)
        device = time.perf_counter() - start
        try:
            body = pack(self._parts.boundary, {**feeds, **results})
        except FrameError as e:  # a value that the encoding cannot say
            return self._alone(feeds, start, device, str(e))
        if not self.breaker.admits():
            return self._alone(feeds, start, device, "the link rests")
        try:
            reply = self._exchange.infer(body)
            outputs = unpack(self._parts.back, reply.body)
        except (LinkError, FrameError) as e:
            self.breaker.failed(refused=isinstance(e, RefusedError))
            return self._alone(feeds, start, device, str(e))
        except BaseException:
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        outputs |= {name: results[name] for name in self._parts.kept}
        return Answer(outputs, "split", time.perf_counter() - start, device, reply.computed or 0.0, reply.tries)

    def _alone(self, feeds: dict[str, NDArray[Any]], start: float, before: float, why: str) -> Answer:
        """The whole model on the device."""
        began = time.perf_counter()
        outputs = self._whole(feeds)
        end = time.perf_counter()
        return Answer(outputs, "device", end - start, before + end - began, why=why)


def made_up(parts: Parts, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Inputs of the model's types and shapes, drawn by lot: floats of about 1, whole numbers 0 or 1, free axes 1."""
    import numpy as np

    lot = np.random.default_rng(seed)
    feeds = {}
    for given in parts.manifest.inputs:
        if given.shape is None:
            raise PartsError(f"the shape of input {given.name!r} is not known: give --input")
        shape = [n if isinstance(n, int) else 1 for n in given.shape]
        kind = np.dtype(given.dtype)
        drawn = lot.standard_normal(shape) if kind.kind == "f" else lot.integers(0, 2, shape)
        feeds[given.name] = np.asarray(drawn).astype(kind)
    return feeds


def _read_inputs(parts: Parts, path: Path) -> dict[str, NDArray[Any]]:
    """The inputs in a file: .npy for a model with one, .npz with their names for others."""
    import numpy as np

    names = [i.name for i in parts.manifest.inputs]
    found = np.load(path, allow_pickle=False)
    feeds = {names[0]: found} if isinstance(found, np.ndarray) and len(names) == 1 else found
    if isinstance(feeds, np.ndarray) or set(feeds) != set(names):
        raise PartsError(f"{path} does not hold {', '.join(names)}")
    return dict(feeds)


def main(arguments: list[str] | None = None) -> int:
    """The program."""
    given = _parser().parse_args(arguments)
    try:
        parts = read_parts(given.parts)
        feeds = _read_inputs(parts, given.input) if given.input else made_up(parts)
        timeouts = Timeouts(given.connect, given.read, given.total)
        token = token_of_environment()
        exchange = Exchange(given.url, token, parts.id, timeouts=timeouts, ca=given.ca, insecure=given.insecure)
        client = SplitClient(parts, given.fallback, exchange, threads=given.intra_op, exact=given.exact)
    except (PartsError, ValueError, OSError) as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    with client:
        for i, answer in enumerate(client.answers(feeds for _ in range(given.requests)), 1):
            parted = f"device {1e3 * answer.device:.1f}, server {1e3 * answer.server:.1f}, link {1e3 * answer.link:.1f}"
            print(f"{i:>4} {answer.where:<6} {1e3 * answer.seconds:8.1f} ms   {answer.why or parted}")
    print("\n".join(client.tally.lines()))
    return 0


def _parser() -> argparse.ArgumentParser:
    limits = Timeouts()
    parser = argparse.ArgumentParser(prog="client", description="Run a split model: here, and on a server.")
    parser.add_argument("parts", type=Path, help="the folder that `edgeplan split -o` has made")
    parser.add_argument("--url", required=True, help="the server's address")
    parser.add_argument("--fallback", type=Path, required=True, help="the whole model, for when no answer comes")
    parser.add_argument("--input", type=Path, help=".npy, or .npz for several inputs; drawn by lot where not given")
    parser.add_argument("--requests", type=int, default=1)
    parser.add_argument("--connect", type=float, default=limits.connect, help="seconds to connect")
    parser.add_argument("--read", type=float, default=limits.read, help="seconds between two pieces of an answer")
    parser.add_argument("--total", type=float, default=limits.total, help="seconds for a request, repeats included")
    parser.add_argument("--ca", help="a file of certificates to trust, PEM")
    parser.add_argument("--insecure", action="store_true", help="send token and tensors in the clear")
    parser.add_argument(
        "--intra-op", type=int, default=0, help="onnxruntime's threads for one inference; 0: it chooses"
    )
    parser.add_argument("--exact", action="store_true", help="without onnxruntime's fusions: the whole model's bits")
    return parser


if __name__ == "__main__":
    sys.exit(main())
