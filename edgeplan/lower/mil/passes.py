"""The passes of coremltools that put a few MIL ops together, each a function of the last op of its pattern."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod

from edgeplan.graph import Attr, DType, Graph, Op, Shape, Value

__all__ = ["PASSES", "Program", "identity", "sources"]

_NEUTRAL = {"add": 0, "sub": 0, "mul": 1, "real_div": 1, "floor_div": 1, "pow": 1}
"""The operand y that changes nothing; of add and mul, x as well."""

_COMMUTES = ("add", "mul")


@dataclass(frozen=True)
class Program:
    """A graph while passes change it: its ops as they are by now, and every value, new ones included."""

    graph: Graph
    ops: list[Op]
    values: dict[str, Value]

    def shape(self, name: str) -> Shape:
        """Shape of a value."""
        return self.values[name].shape

    def sized(self, name: str) -> Shape:
        """Shape of a value when every size is known, else None."""
        shape = self.values[name].shape
        return None if shape is None or None in shape else shape

    def before(self, op: Op, *types: str) -> Op | None:
        """The op of one of the types whose result `op` alone reads, once, among its inputs."""
        for name in op.inputs:
            at = self.graph.producer.get(name)
            if at is None or self.ops[at].type not in types or len(self.ops[at].outputs) != 1:
                continue
            if len(self.graph.consumers[name]) == 1 and op.inputs.count(name) == 1 and name not in self.graph.outputs:
                return self.ops[at]
        return None

    def beside(self, op: Op, before: Op) -> Value:
        """The other operand of a binary op."""
        return self.values[next(n for n in op.inputs if n != before.outputs[0])]

    def constant(self, name: str, like: Value, count: int) -> str:
        """A new constant vector."""
        self.values[name] = Value(name, like.dtype or DType.FLOAT32, (count,), True)
        return name


Pass = Callable[[Program, Op], Op | None]


def identity(op: Op, x: str) -> Op:
    """The op as one that hands `x` on."""
    return replace(op, type="identity", inputs=(x,), ports=("x",), attrs={})


def sources(*ops: Op) -> tuple[str, ...]:
    """The source ops of several ops, each once."""
    return tuple(dict.fromkeys(s for op in ops for s in op.sources))


def _as(op: Op, *before: Op, **changes: object) -> Op:
    """The first of the ops `before`, changed, in the place of `op`."""
    return replace(before[0], name=op.name, outputs=op.outputs, sources=sources(*before, op), **changes)  # type: ignore[arg-type]


def without_effect(p: Program, op: Op) -> Op | None:
    """add(x, 0), mul(x, 1), pow(x, 1) and so on, of the shape of x -> identity (`noop_elimination`)."""
    for port, other in (("y", "x"), ("x", "y")) if op.type in _COMMUTES else (("y", "x"),):
        constant = op.input(port)
        data = None if constant is None else p.values[constant].data
        if not data or data[0] != _NEUTRAL[op.type] or any(v != data[0] for v in data):
            continue
        x, shape = op.input(other), p.sized(op.outputs[0])
        if x is not None and shape is not None and p.shape(x) == shape and op.outputs[0] not in p.graph.outputs:
            return identity(op, x)
    return None


def same_shape(p: Program, op: Op) -> Op | None:
    """upsample_bilinear(x) of the shape of x, and what else changes nothing then -> identity (`noop_elimination`)."""
    x = op.input("x")
    if x is None or op.outputs[0] in p.graph.outputs:
        return None
    shape = p.sized(x)
    return identity(op, x) if shape is not None and shape == p.shape(op.outputs[0]) else None


def scaled(p: Program, op: Op) -> Op | None:
    """mul(conv(x, const weight), scalar) -> conv (`fuse_conv_scale`)."""
    conv = p.before(op, "conv", "conv_transpose")
    if conv is None or not p.values[conv.input("weight") or op.outputs[0]].const:
        return None
    factor = p.beside(op, conv)
    return _as(op, conv) if factor.const and factor.elements == 1 and len(factor.shape or ()) <= 1 else None


def averaged(p: Program, op: Op) -> Op | None:
    """mul(reduce_sum(x), 1 / n), n elements summed up -> reduce_mean(x) (`fuse_reduce_mean`)."""
    total = p.before(op, "reduce_sum")
    axes, shape = (None, None) if total is None else (total.attrs.get("axes"), p.shape(total.inputs[0]))
    if total is None or not isinstance(axes, tuple) or shape is None:
        return None
    sizes = [shape[a] for a in axes if isinstance(a, int)]
    count = prod(d for d in sizes if isinstance(d, int))
    data = p.beside(op, total).data or ()
    if not all(isinstance(d, int) for d in sizes) or count == 0 or len(data) != 1 or not isinstance(data[0], float):
        return None
    return _as(op, total, type="reduce_mean") if abs(data[0] - 1 / count) <= 1e-6 else None


def expanded_again(p: Program, op: Op) -> Op | None:
    """expand_dims(squeeze(x)) of the shape of x -> identity (`fuse_squeeze_expand_dims`)."""
    squeeze = p.before(op, "squeeze")
    shape = None if squeeze is None else p.sized(squeeze.inputs[0])
    same = squeeze is not None and shape is not None and shape == p.shape(op.outputs[0])
    return identity(op, squeeze.inputs[0]) if squeeze is not None and same else None


def squared_root(p: Program, op: Op) -> Op | None:
    """pow(sqrt(x), 2) and sqrt(pow(x, 2)) -> identity (`fuse_pow2_sqrt`)."""
    first = p.before(op, "sqrt" if op.type == "pow" else "pow")
    if first is None or first.outputs[0] != op.input("x"):
        return None
    exponent = (op if op.type == "pow" else first).input("y")
    data = None if exponent is None else p.values[exponent].data
    return identity(op, first.inputs[0]) if data and all(v == 2 for v in data) else None


def batch_normed(p: Program, op: Op) -> Op | None:
    """add(mul(x, gamma), beta), both constants [1, C, 1, 1] -> batch_norm(x) (`fuse_elementwise_to_batchnorm`)."""
    product = p.before(op, "mul")
    x = None if product is None else next((n for n in product.inputs if not p.values[n].const), None)
    if product is None or x is None or len(p.shape(x) or ()) != 4 or len(product.inputs) != 2:
        return None
    gamma, beta = p.values[next((n for n in product.inputs if n != x), x)], p.beside(op, product)
    channels = _channels(gamma)
    if channels is None or channels == 1 or channels != _channels(beta):
        return None
    ports = ("mean", "variance", "gamma", "beta")
    made = (p.constant(f"{op.outputs[0]}/{port}", gamma, channels) for port in ports)
    return replace(
        op, type="batch_norm", inputs=(x, *made), ports=("x", *ports), attrs={}, sources=sources(product, op)
    )


def _channels(value: Value) -> int | None:
    """C of a constant [1, C, 1, 1] or [C, 1, 1]."""
    shape = value.shape if value.const else None
    if shape is None or len(shape) not in (3, 4) or shape[-2:] != (1, 1) or shape[:-3] not in ((), (1,)):
        return None
    return shape[-3] if isinstance(shape[-3], int) else None


def reshaped_twice(p: Program, op: Op) -> Op | None:
    """reshape(reshape(x)) -> reshape(x) (`merge_consecutive_reshapes`)."""
    first, shape = p.before(op, "reshape"), op.attrs.get("shape")
    if first is None or first.outputs[0] != op.input("x") or not isinstance(shape, tuple) or 0 in shape:
        return None
    return replace(op, inputs=(first.inputs[0], *op.inputs[1:]), sources=sources(first, op))


def interleaved(p: Program, op: Op) -> Op | None:
    """A shuffle of channels behind a concat -> concat that interleaves (`detect_concat_interleave`).

    Before: `c = concat(n x [B, C, H, W], axis=1); r = reshape(c, [B, n, C, H, W]);
            t = transpose(r, [0, 2, 1, 3, 4]); y = reshape(t, [B, C * n, H, W])`
    After:  `y = concat(..., axis=1, interleave=True)`
    """
    swap = p.before(op, "transpose")
    split = None if swap is None else p.before(swap, "reshape")
    join = None if split is None else p.before(split, "concat")
    if swap is None or split is None or join is None or swap.attrs.get("perm") != (0, 2, 1, 3, 4):
        return None
    shapes = {p.sized(n) for n in join.inputs}
    part = shapes.pop() if len(shapes) == 1 else None
    if part is None or len(part) != 4 or join.attrs.get("axis") not in (1, -3) or join.attrs.get("interleave"):
        return None
    batch, channels, *plane = part
    end = p.shape(op.outputs[0]) or ()
    if p.shape(split.outputs[0]) != (batch, len(join.inputs), channels, *plane) or end[:1] + end[2:] != (batch, *plane):
        return None
    attrs: Mapping[str, Attr] = {**join.attrs, "interleave": True}
    return _as(op, join, split, swap, attrs=attrs)


_SAME = ("crop", "pad", "resize_bilinear", "slice_by_size", "tile", "upsample_bilinear", "upsample_nearest_neighbor")

PASSES: Mapping[str, tuple[Pass, ...]] = {
    **dict.fromkeys(_NEUTRAL, (without_effect,)),
    **dict.fromkeys(_SAME, (same_shape,)),
    "add": (without_effect, batch_normed),
    "mul": (without_effect, scaled, averaged),
    "pow": (without_effect, squared_root),
    "sqrt": (squared_root,),
    "expand_dims": (expanded_again,),
    "reshape": (interleaved, reshaped_twice),
}
"""The passes by the type of the op that ends their pattern; the first that fits is applied."""
