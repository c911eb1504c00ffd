"""Random networks to be pruned: every input is followed by a layer, and what is left over is read by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import numpy as np
from hypothesis import strategies as st

from tests.surgery.graphs import OPSETS, Fuzzed, complete, reads
from tests.surgery.motifs import MOTIFS as REWRITTEN
from tests.surgery.sketch import ELEMENTS, Refused, Sketch, Value

Motif = Callable[["Net"], None]


class Net(Sketch):
    """A sketch whose tensors have channels that a weight makes, so that there is something to prune."""

    def __init__(self, rng: Random, opset: int) -> None:
        super().__init__(rng, opset, np.float32)

    def take(self, shape: Callable[[], Sequence[int]], fits: Callable[[Value], bool], new: float = 0.2) -> Value:
        found = [v for v in self.pool if fits(v)]
        if found and not self.chance(new):
            return found[-1] if self.chance(0.6) else self.pick(*found)
        for _ in range(20):
            wanted = shape()
            if fits(Value("", np.zeros(wanted, self.dtype))):
                return self.keep(self.stem(wanted))
        raise Refused("nothing fits")

    def stem(self, shape: Sequence[int]) -> Value:
        """A tensor of a shape, made by a layer of a new input."""
        if len(shape) >= 3 and self.chance(0.7):
            x = self.input((shape[0], self.pick(1, 2, 3), *shape[2:]))
            return self.op("Conv", x, self.weight(shape[1], x.shape[1], *[1] * (len(shape) - 2)), self.weight(shape[1]))
        if len(shape) < 2:
            return self.input(shape)
        x = self.input((*shape[:-1], self.pick(1, 2, 3)))
        return self.op("MatMul", x, self.weight(x.shape[-1], shape[-1]))

    def features(self, rank: int = 0, fits: Callable[[Value], bool] = lambda v: True) -> Value:
        """A tensor [batch, channels, ...] of a rank, or of 3 to 5, with room for some of its channels to go."""
        wanted = (rank,) if rank else (4, 4, 4, 4, 3, 5)

        def shape() -> Sequence[int]:
            sides = [self.pick(1, 2, 3, 4, 6) for _ in range(self.pick(*wanted) - 2)]
            return (self.batch, self.pick(2, 3, 4, 6, 8, 8, 12), *sides)

        return self.take(shape, lambda v: v.rank in wanted and fits(v), 0.1)

    def tokens(self, fits: Callable[[Value], bool] = lambda v: True) -> Value:
        """A tensor [batch, length, channels]."""

        def shape() -> Sequence[int]:
            return (self.batch, self.pick(2, 3, 5), self.pick(4, 6, 8, 12))

        return self.take(shape, lambda v: v.rank == 3 and fits(v), 0.1)

    def ints(self, contents: Sequence[int] | int) -> Value:
        """Sizes or indices, in the type that most exporters write."""
        return self.const(contents, np.int64)


def leave(net: Net) -> None:
    """Read what nothing reads by a last layer, mostly: else it is an output of the network with all its channels."""
    read = {name for node in net.nodes for name in reads(node)}
    for value in [v for v in net.made.values() if not v.fixed and v.name not in read]:
        if value.array.dtype == np.float32 and value.array.size <= ELEMENTS and net.chance(0.95):
            with net.attempt():
                head(net, value)


def head(net: Net, x: Value) -> Value:
    """A layer of a few outputs that reads a tensor by an axis: mostly the second of images, the last of rows."""
    outs = net.pick(1, 2, 3)
    if x.rank in (3, 4, 5) and net.chance(0.5 if x.rank == 3 else 0.8):
        return net.op("Conv", x, net.weight(outs, x.shape[1], *[1] * (x.rank - 2)))
    if x.rank >= 2 and net.chance(0.1):
        return net.op("MatMul", net.weight(outs, x.shape[-2]), x)
    if x.rank >= 3 and net.chance(0.3):
        flat = net.op("Flatten", x, axis=1)
        return net.op("Gemm", flat, net.weight(outs, flat.shape[1]), transB=1)
    if x.rank == 0:
        raise Refused("a single number")
    return net.op("MatMul", x, net.weight(x.shape[-1], outs))


def networks(motifs: Sequence[Motif], most: int = 4) -> st.SearchStrategy[Fuzzed]:
    """Networks of up to so many motifs; what fails shrinks to the motifs it takes."""
    made = st.builds(
        lambda seed, some: built(Random(seed), some),
        st.integers(0, 2**32),
        st.lists(st.sampled_from(motifs), min_size=1, max_size=most),
    )
    return made.filter(lambda found: found is not None)  # type: ignore[return-value]


def seeded(seed: int, motifs: Sequence[Motif], most: int = 5, odd: float = 0.15) -> Fuzzed | None:
    """The network of a seed, with now and then a motif of those that rewrites look for; None where none came of it."""
    rng = Random(seed)
    some = [rng.choice(REWRITTEN if rng.random() < odd else motifs) for _ in range(rng.randint(1, most))]
    return built(rng, some)


def built(rng: Random, motifs: Sequence[Motif]) -> Fuzzed | None:
    """A network of some motifs, read by last layers; None where none of them fits."""
    return complete(Net(rng, rng.choice(OPSETS)), [*motifs, leave])  # type: ignore[list-item]
