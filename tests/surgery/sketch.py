"""A graph in the making: every op is run as soon as it is added, and a motif that does not fit is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from edgeplan.surgery.runs import RunError, run_float, run_reference

Array = NDArray[Any]

ELEMENTS = 1 << 13
"""Elements of a tensor at most: what is on trial is the algebra."""

_MISREAD = frozenset((
    "AveragePool", "ConvTranspose", "GlobalMaxPool", "Loop", "LpNormalization", "LpPool", "LRN", "MaxPool", "Scan",
))  # fmt: skip
"""Ops that onnx's reference evaluator computes wrongly in one form or another."""

LARGEST = 1e3
"""Numbers beyond which a tensor is no start for another motif."""


class Refused(Exception):  # noqa: N818  an answer, not a fault
    """An op the runtime does not take in this form, type or opset."""


class Lacking(Refused):
    """An op there is no runtime for that could be believed."""


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor of the graph, with the contents it has on the inputs the graph is made on."""

    name: str
    array: Array
    fixed: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def rank(self) -> int:
        return self.array.ndim


class Sketch:
    """Nodes, weights and inputs so far. `pool` are the tensors the next motif may start from.

    `free` are the axes of inputs that are to have no fixed size, should the graph bear it.
    """

    def __init__(self, rng: Random, opset: int, dtype: type[np.generic]) -> None:
        self.rng, self.opset, self.dtype = rng, opset, np.dtype(dtype)
        self.batch = rng.choice((1, 1, 2, 3))
        self.free: tuple[int, ...] = rng.choice(((), (), (), (0,), (0,), (0, 2, 3), (2, 3), (1,), (0, 1, 2)))
        if self.dtype == np.float64:  # the reference evaluator, which often has to run it, takes sizes that do not fit
            self.free = ()
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, Value] = {}
        self.inputs: dict[str, Value] = {}
        self.pool: list[Value] = []
        self.made: dict[str, Value] = {}
        self.numpy = np.random.default_rng(rng.randrange(1 << 30))
        self._count = 0

    # choices

    def chance(self, part: float = 0.5) -> bool:
        return self.rng.random() < part

    def pick(self, *choices: Any) -> Any:
        if not choices:
            raise Refused("nothing to choose from")
        return choices[self.rng.randrange(len(choices))]

    def name(self, kind: str) -> str:
        self._count += 1
        return f"{kind.lower()}{self._count}"

    # tensors to start from

    def take(self, shape: Callable[[], Sequence[int]], fits: Callable[[Value], bool], new: float = 0.2) -> Value:
        """One of the tensors so far that fits, the later ones rather, or a new input."""
        found = [v for v in self.pool if fits(v)]
        if found and not self.chance(new):
            return found[-1] if self.chance(0.6) else self.pick(*found)
        return self.keep(self.input(shape()))

    def image(self, fits: Callable[[Value], bool] = lambda v: True, channels: int = 0, side: int = 0) -> Value:
        """A tensor of four axes."""

        def shape() -> Sequence[int]:
            sides = [side or self.pick(1, 2, 4, 5, 6, 7, 8) for _ in range(2)]
            return (self.batch, channels or self.pick(1, 2, 3, 4, 6, 8), *sides)

        def good(v: Value) -> bool:
            right = v.rank == 4 and (not channels or v.shape[1] == channels)
            return right and (not side or v.shape[2:] == (side, side)) and fits(v)

        return self.take(shape, good)

    def rows(self, rank: int = 0) -> Value:
        """A tensor whose last axis is features."""
        wanted = (rank,) if rank else (2, 3, 3, 4)

        def shape() -> Sequence[int]:
            inner = [self.pick(1, 2, 3, 5, 6) for _ in range(self.pick(*wanted) - 2)]
            return (self.batch, *inner, self.pick(2, 3, 4, 6, 8))

        return self.take(shape, lambda v: v.rank in wanted)

    def any(self, low: int = 1, high: int = 6) -> Value:
        """A tensor of any shape."""

        def shape() -> Sequence[int]:
            return (self.batch, *(self.pick(1, 2, 3, 4, 5) for _ in range(self.rng.randint(low, min(high, 5)) - 1)))

        return self.take(shape, lambda v: low <= v.rank <= high)

    def keep(self, *values: Value) -> Value:
        """Let later motifs start from these."""
        for value in values:
            a = value.array
            if a.dtype == self.dtype and 0 < a.size <= ELEMENTS and np.isfinite(a).all() and abs(a).max() < LARGEST:
                self.pool.append(value)
        return values[-1]

    # inputs and weights

    def input(self, shape: Sequence[int], dtype: Any = None) -> Value:
        kind = np.dtype(dtype or self.dtype)
        if kind.kind == "f":
            array = self.numpy.standard_normal(tuple(shape)).astype(kind)
        else:
            array = self.numpy.integers(0, 2, tuple(shape)).astype(kind)
        value = Value(self.name("x"), array)
        self.inputs[value.name] = value
        return value

    def const(self, contents: Any, dtype: Any = None) -> Value:
        """A constant as initializer or as an op; int64 unless told otherwise."""
        array = np.asarray(contents, np.dtype(dtype or np.int64))
        value = Value(self.name("c"), array, True)
        if self.chance(0.25):
            self.nodes.append(helper.make_node("Constant", [], [value.name], value=numpy_helper.from_array(array)))
            value = Value(value.name, array, True)
            self.made[value.name] = value
        else:
            self.weights[value.name] = value
        return value

    def weight(self, *shape: int, positive: bool = False, scale: float = 1.0) -> Value:
        """Random weights; now and then those another op has, or ones that are all one number."""
        if not positive and self.chance(0.08):
            same = [w for w in self.weights.values() if w.shape == shape and w.array.dtype == self.dtype]
            if same:
                return self.pick(*same)
        array = self.numpy.uniform(0.5, 1.5, shape) if positive else self.numpy.standard_normal(shape) * scale
        if self.chance(0.04):
            array = np.full(shape, 0.5)
        return self.const(array, self.dtype)

    def number(self, value: float, rank: int = 0) -> Value:
        """One number, in a shape that exporters write it in."""
        shape = self.pick((), (), (1,), (1,) * min(rank, 3), (1,) * rank)
        return self.const(np.full(shape, value), self.dtype)

    # ops

    def ops(
        self,
        kind: str,
        inputs: Sequence[Value | None],
        count: int = 1,
        domain: str = "",
        captured: Sequence[Value] = (),
        **attrs: Any,
    ) -> list[Value]:
        """Add an op with several results. Raises `Refused`."""
        names = [self.name(kind) for _ in range(count)]
        given = {k: v for k, v in attrs.items() if v is not None}
        if not _fits(inputs, given):
            raise Refused("the window is larger than the image")
        ports = ["" if v is None else v.name for v in inputs]
        if any(isinstance(v, list) and not v for v in given.values()):
            raise Refused("too few axes")
        if domain == "" and not _exists(kind, self.opset):
            raise Refused(f"no {kind} in opset {self.opset}")
        node = helper.make_node(kind, ports, names, domain=domain, **given)
        if self.chance(0.9):
            node.name = self.name("n")
        arrays = self._run(node, [v for v in (*inputs, *captured) if v is not None], names)
        if (
            kind not in ("Slice", "Split")
            and any(a.size == 0 for a in arrays)
            and not any(v and not v.array.size for v in inputs)
        ):
            raise Refused("nothing is left")  # of an image smaller than the window
        self.nodes.append(node)
        found = [Value(n, a) for n, a in zip(names, arrays, strict=True)]
        self.made.update((v.name, v) for v in found)
        return found

    def op(self, kind: str, *inputs: Value | None, domain: str = "", **attrs: Any) -> Value:
        """Add an op with one result."""
        return self.ops(kind, inputs, 1, domain, **attrs)[0]

    def both(self, kind: str, a: Value, b: Value) -> Value:
        """A commutative op, its operands in either order."""
        return self.op(kind, a, b) if self.chance() else self.op(kind, b, a)

    def _run(self, node: onnx.NodeProto, read: Sequence[Value], names: Sequence[str]) -> list[Array]:
        values = {v.name: v for v in read}
        infos, tensors = [], []
        for v in values.values():
            if v.fixed:
                tensors.append(numpy_helper.from_array(v.array, v.name))
            else:
                kind = helper.np_dtype_to_tensor_dtype(v.array.dtype)
                infos.append(helper.make_tensor_value_info(v.name, kind, v.shape))
        graph = helper.make_graph([node], "op", infos, [onnx.ValueInfoProto(name=n) for n in names], tensors)
        model = helper.make_model(graph, opset_imports=self.imports(), ir_version=10)
        feeds = {v.name: v.array for v in values.values() if not v.fixed}
        arrays = run(model, feeds, names)
        if any(a.size > ELEMENTS for a in arrays):
            raise Refused("too large")
        return arrays

    def imports(self) -> list[onnx.OperatorSetIdProto]:
        return [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """What is added inside stays only where no op is refused."""
        before = (len(self.nodes), len(self.pool), dict(self.weights), dict(self.inputs), dict(self.made))
        try:
            yield
        except Refused:
            del self.nodes[before[0] :]
            del self.pool[before[1] :]
            self.weights, self.inputs, self.made = before[2], before[3], before[4]

    # spelt by opset

    def reshape(self, x: Value, shape: Sequence[int]) -> Value:
        """A Reshape; sizes that stay may be written as 0, one as -1."""
        to = [0 if i < x.rank and d == x.shape[i] and self.chance(0.4) else d for i, d in enumerate(shape)]
        if to and self.chance(0.4):
            to[self.rng.randrange(len(to))] = -1
        return self.op("Reshape", x, self.const(to))

    def transpose(self, x: Value, perm: Sequence[int]) -> Value:
        return self.op("Transpose", x, perm=list(perm))

    def order(self, rank: int) -> list[int]:
        """Some order of axes."""
        perm = list(range(rank))
        self.rng.shuffle(perm)
        return perm

    def axis(self, x: Value, axis: int) -> int:
        """The same axis, from the front or from the end."""
        return axis - x.rank if self.opset >= 11 and self.chance(0.3) else axis

    def unsqueeze(self, x: Value, *axes: int) -> Value:
        return self._axes("Unsqueeze", x, axes)

    def squeeze(self, x: Value, *axes: int) -> Value:
        return self._axes("Squeeze", x, axes)

    def _axes(self, kind: str, x: Value, axes: Sequence[int]) -> Value:
        if self.opset < 13:
            return self.op(kind, x, axes=list(axes))
        return self.op(kind, x, self.const(list(axes)))

    def slice(
        self, x: Value, axes: Sequence[int], starts: Sequence[int], ends: Sequence[int], steps: Sequence[int] = ()
    ) -> Value:
        if self.opset < 10:
            if any(s != 1 for s in steps):
                raise Refused("steps")
            return self.op("Slice", x, axes=list(axes), starts=list(starts), ends=list(ends))
        given = [self.const(list(c)) for c in (starts, ends, axes)]
        return self.op("Slice", x, *given, *([self.const(list(steps))] if steps else []))

    def pad(self, x: Value, widths: Sequence[int], mode: str = "constant", value: float | None = None) -> Value:
        if self.opset < 11:
            return self.op("Pad", x, pads=list(widths), mode=mode, value=value)
        fill = None if value is None else self.const(value, x.array.dtype)
        if self.opset >= 18 and self.chance(0.4):
            axes = [i for i in range(x.rank) if widths[i] or widths[i + x.rank]]
            some = [widths[i] for i in axes] + [widths[i + x.rank] for i in axes]
            return self.op("Pad", x, self.const(some), fill, self.const(axes), mode=mode)
        return self.op("Pad", x, self.const(list(widths)), *([fill] if fill else []), mode=mode)

    def clip(self, x: Value, low: float | None, high: float | None) -> Value:
        if self.opset < 11:
            return self.op("Clip", x, min=low, max=high)
        bounds = [None if b is None else self.const(b, x.array.dtype) for b in (low, high)]
        while bounds and bounds[-1] is None:
            bounds.pop()
        return self.op("Clip", x, *bounds)

    def reduce(self, kind: str, x: Value, axes: Sequence[int], keep: int | None = 1) -> Value:
        if self.opset >= (13 if kind == "ReduceSum" else 18):
            return self.op(kind, x, self.const(list(axes)), keepdims=keep)
        return self.op(kind, x, axes=list(axes), keepdims=keep)

    def split(self, x: Value, axis: int, parts: Sequence[int]) -> list[Value]:
        if self.opset < 13:
            return self.ops("Split", [x], len(parts), axis=axis, split=list(parts))
        if len(set(parts)) == 1 and self.chance(0.4):
            return self.ops("Split", [x], len(parts), axis=axis, num_outputs=len(parts) if self.opset >= 18 else None)
        return self.ops("Split", [x, self.const(list(parts))], len(parts), axis=axis)

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        return self.op("Concat", *values, axis=axis)

    def parts(self, size: int, count: int) -> list[int]:
        """A size as a sum of so many."""
        if count > size:
            raise Refused("too small to part")
        cuts = sorted(self.rng.sample(range(1, size), count - 1))
        return [b - a for a, b in zip([0, *cuts], [*cuts, size], strict=True)]


def _fits(inputs: Sequence[Value | None], attrs: Mapping[str, Any]) -> bool:
    """Whether a window finds room: where it does not, runtimes do not agree on what is left."""
    kernel = attrs.get("kernel_shape")
    x = inputs[0] if inputs else None
    if kernel is None or x is None or attrs.get("auto_pad", "NOTSET").startswith("SAME"):
        return True
    n = len(kernel)
    pads = attrs.get("pads", [0] * (2 * n)) if attrs.get("auto_pad", "NOTSET") == "NOTSET" else [0] * (2 * n)
    wide = [(k - 1) * d + 1 for k, d in zip(kernel, attrs.get("dilations", [1] * n), strict=True)]
    return all(x.shape[2 + i] + pads[i] + pads[n + i] >= w for i, w in enumerate(wide))


@cache
def _exists(kind: str, opset: int) -> bool:
    """Whether an opset has an op: onnxruntime has some of them earlier."""
    try:
        return not onnx.defs.get_schema(kind, max_inclusive_version=opset).deprecated
    except onnx.defs.SchemaError:
        return False


def run(model: onnx.ModelProto, feeds: dict[str, Array], names: Sequence[str]) -> list[Array]:
    """The results of a model: onnxruntime's, the reference evaluator's where it has no kernel. Raises `Refused`."""
    try:
        try:
            found = run_float(model, feeds, names)
        except RunError as e:
            lacking = "NOT_IMPLEMENTED" in str(e) or "Could not find an implementation" in str(e)
            if not lacking:
                raise
            if any(n.op_type in _MISREAD or n.domain for n in model.graph.node):
                raise Lacking(str(e)) from None
            with np.errstate(all="ignore"):
                found = run_reference(model, feeds, names)
    except RunError as e:
        raise Refused(str(e)) from None
    return [np.asarray(a) for a in found]
