"""What TensorRT's compiler makes of a graph: kernels, each of one op and what is fused into it.

TensorRT does not publish how it fuses. The rules are read off the layers of engines that TensorRT-RTX 1.7.1 built
(`rules/tensorrt/runs/2026-11-22-memory-*.csv`):

* A convolution or matrix product takes the element-wise ops behind it, and one further tensor at most: of the two
  convolutions that an Add joins, the later one in the graph's order takes it and waits for the other, its first input
  where both have 1x1 filters. That holds for 109 of 142; names and weights do not decide it.
* Matrix products of one tensor with several weights are one product, whose results stay side by side in one buffer.
* In half precision `MatMul -> scale, mask -> Softmax -> MatMul` is one kernel, whose scores are never stored.
* Pooling and LRN stand alone. Everything else is fused with the kernel of its kind that it reads.
* A graph input that a convolution or a pooling reads is copied into their layout first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from edgeplan.graph import Graph, Op
from edgeplan.lower.views import is_view
from edgeplan.memory.runtimes.tensorrt.attention import attentions

__all__ = ["Kernel", "Kernels", "Kind", "fused"]

Kind = Literal["contraction", "attention", "pool", "pointwise", "body", "copy", "other"]
"""A convolution, matrix product or recurrence, which asks for a workspace; fused attention, which does not; a pooling;
anything element-wise, moving or reducing; an op with bodies; the copy of an input; an op on another unit."""

_CONVOLUTIONS = frozenset({"Conv", "ConvTranspose", "DeformConv", "ConvInteger", "QLinearConv"})
_PRODUCTS = frozenset({"Gemm", "MatMul"})
_CONTRACTIONS = (
    _CONVOLUTIONS | _PRODUCTS | {"Attention", "Einsum", "GRU", "LSTM", "MatMulInteger", "QLinearMatMul", "RNN"}
)
_POOLS = frozenset({"AveragePool", "LRN", "LpPool", "MaxPool"})
_ARITHMETIC = frozenset(
    {"Abs", "Add", "BatchNormalization", "Ceil", "Clip", "Div", "Floor", "Max", "Min", "Mul", "Neg"}
)
_FUNCTIONS = frozenset({"Cos", "Erf", "Exp", "Log", "Pow", "Reciprocal", "Round", "Sign", "Sin", "Sqrt", "Sub"})
_LOGIC = frozenset({"And", "Cast", "Equal", "Greater", "Less", "Not", "Or", "Where"})
_ACTIVATIONS = frozenset(
    {"Celu", "Elu", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "PRelu", "Relu", "Selu"}
)
_GATES = frozenset({"Sigmoid", "Softplus", "Softsign", "Swish", "Tanh", "ThresholdedRelu"})
_QUANTIZATION = frozenset({"DequantizeLinear", "QuantizeLinear"})
_ELEMENTWISE = _ARITHMETIC | _FUNCTIONS | _LOGIC | _ACTIVATIONS | _GATES | _QUANTIZATION


@dataclass(slots=True)
class Kernel:
    """Ops, by index in their order, that run as one; `reads` are values with the kernels, by index, that write them.

    `depth` is the length of the longest chain of kernels before it.
    """

    kind: Kind
    ops: list[int]
    depth: int = 0
    reads: dict[str, int] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    outside: bool = False
    """Whether another kernel reads what it writes."""
    residual: bool = False
    """Whether a further tensor was fused in."""
    merged: bool = False
    """Whether it is several products in one."""


@dataclass(frozen=True, slots=True)
class Kernels:
    """The kernels of a graph, the values they write (`copy of NAME` where an input was copied) by kernel.

    `root` gives the value in whose buffer another one lies because ops in between only look at it under another shape;
    `readers` the ops that read a root.
    """

    all: tuple[Kernel, ...]
    writer: Mapping[str, int]
    of: Mapping[int, int]
    readers: Mapping[str, Collection[int]]
    root: Callable[[str], str]


def copy_of(name: str) -> str:
    """The name of an input's copy."""
    return f"copy of {name}"


def fused(graph: Graph, elsewhere: Collection[int] = (), half: bool = False) -> Kernels:
    """The kernels of an ONNX graph; ops `elsewhere` are not the GPU's. Near-linear.

    `half` says that float32 is computed as float16.
    """
    return _Fuser(graph, elsewhere, half).kernels()


class _Fuser:
    def __init__(self, graph: Graph, elsewhere: Collection[int], half: bool) -> None:
        self._graph = graph
        self._elsewhere = elsewhere
        self._kernels: list[Kernel] = []
        self._writer: dict[str, int] = {}
        self._of: dict[int, int] = {}
        self._products: dict[str, int] = {}
        self._looks_at: dict[str, str] = {}
        for op in graph.ops:
            if op.outputs and is_view(graph, op):
                self._looks_at[op.outputs[0]] = self._root(op.inputs[0])
        self._readers: dict[str, list[int]] = defaultdict(list)
        for index, op in enumerate(graph.ops):
            if op.outputs and op.outputs[0] not in self._looks_at:
                for name in dict.fromkeys(map(self._root, graph.reads(op))):
                    self._readers[name].append(index)
        self._core = attentions(graph, self._readers, self._root, half)
        self._cores: dict[int, int] = {}
        self._returned = {self._root(name) for name in graph.outputs}
        self._shared = Counter(self._factor(op) for op in graph.ops if op.label in _PRODUCTS)

    def _factor(self, op: Op) -> str | None:
        """The one tensor that a matrix product multiplies with weights."""
        found = [n for n in op.inputs if not self._graph.values[n].const]
        return self._root(found[0]) if len(found) == 1 else None

    def _root(self, name: str) -> str:
        return self._looks_at.get(name, name)

    def kernels(self) -> Kernels:
        """Go through the ops once, in their order."""
        values = self._graph.values
        for index, op in enumerate(self._graph.ops):
            if op.outputs and op.outputs[0] not in self._looks_at and not all(values[o].const for o in op.outputs):
                self._add(index, op)
        return Kernels(tuple(self._kernels), self._writer, self._of, self._readers, self._root)

    def _add(self, index: int, op: Op) -> None:
        roots = dict.fromkeys(self._root(n) for n in self._graph.reads(op))
        reads = [n for n in roots if not self._graph.values[n].const]
        kind = self._kind(index, op)
        if kind == "pool" or (kind == "contraction" and op.type in _CONVOLUTIONS):
            reads = [self._copied(n, index) if n in self._graph.inputs else n for n in reads]
        joined = self._joined(index, op, kind, reads)
        if joined is None:
            self._kernels.append(Kernel(kind, []))
            joined = len(self._kernels) - 1
            factor = self._factor(op) if op.type in _PRODUCTS and kind == "contraction" else None
            if factor is not None:
                self._products[factor] = joined
                self._kernels[joined].merged = self._shared[factor] > 1
            if index in self._core:
                self._cores[self._core[index]] = joined
        kernel = self._kernels[joined]
        kernel.ops.append(index)
        self._of[index] = joined
        for name in reads:
            writer = self._writer.get(name)
            if writer is not None and writer != joined:
                kernel.reads[name] = writer
                kernel.depth = max(kernel.depth, self._kernels[writer].depth + 1)
                self._kernels[writer].outside = True
        for name in op.outputs:
            self._writer[name] = joined
            kernel.writes.append(name)

    def _kind(self, index: int, op: Op) -> Kind:
        if index in self._elsewhere:
            return "other"
        if op.bodies:
            return "body"
        if index in self._core:
            return "attention"
        if op.type in _POOLS:
            return "pool"
        return "contraction" if op.type in _CONTRACTIONS else "pointwise"

    def _copied(self, name: str, index: int) -> str:
        copy = copy_of(name)
        if copy not in self._writer:
            self._writer[copy] = len(self._kernels)
            self._kernels.append(Kernel("copy", [index], writes=[copy]))
        return copy

    def _joined(self, index: int, op: Op, kind: Kind, reads: list[str]) -> int | None:
        """The kernel an op is fused into, None when it begins one."""
        if self._core.get(index) in self._cores:
            return self._cores[self._core[index]]
        if op.type in _PRODUCTS and kind == "contraction":
            return self._products.get(self._factor(op) or "")
        if kind != "pointwise":
            return None
        writers = list(dict.fromkeys(self._writer[n] for n in reads if n in self._writer))
        if op.type in _ELEMENTWISE:
            for writer in self._in_turn(writers):
                if self._takes(writer, op, reads, writers):
                    self._kernels[writer].residual |= len(writers) > 1
                    return writer
        pointwise = [w for w in writers if self._kernels[w].kind == "pointwise" and self._after(w, writers)]
        return max(pointwise, key=lambda w: self._kernels[w].depth, default=None)

    def _in_turn(self, writers: list[int]) -> list[int]:
        """The kernels that may take an op behind them all, the likeliest first."""
        if all(self._pointwise(self._kernels[w]) for w in writers):
            return writers
        return sorted(writers, key=lambda w: self._kernels[w].ops[0], reverse=True)

    def _pointwise(self, kernel: Kernel) -> bool:
        """Whether it is a convolution of single pixels."""
        op = self._graph.ops[kernel.ops[0]]
        weight = op.input("W") if op.type == "Conv" else None
        return weight is not None and all(n == 1 for n in (self._graph.values[weight].shape or ())[2:])

    def _takes(self, writer: int, op: Op, reads: list[str], writers: list[int]) -> bool:
        """Whether a contraction takes an element-wise op of what it writes."""
        kernel = self._kernels[writer]
        if kernel.kind != "contraction" or kernel.merged or (len(writers) > 1 and kernel.residual):
            return False
        shape = self._graph.values[op.outputs[0]].shape
        own = [n for n in reads if self._writer.get(n) == writer]
        fits = all(self._graph.values[n].shape == shape and n not in self._returned for n in own)
        return fits and self._after(writer, writers)

    def _after(self, writer: int, writers: list[int]) -> bool:
        """Whether a kernel can wait for the others: none of them can be behind it."""
        kernel = self._kernels[writer]
        return not kernel.outside or all(self._kernels[w].depth < kernel.depth for w in writers if w != writer)
