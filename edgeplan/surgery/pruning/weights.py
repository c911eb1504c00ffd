"""The weights of a model as its ops multiply with them: where each one ends, and sums over it, read one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.graph import Graph, Op, Value
from edgeplan.lower.weights import Role, channel_axes, role_of
from edgeplan.surgery.constants import contents
from edgeplan.surgery.draft import Draft

__all__ = ["Use", "Weights", "uses_of"]

Array = NDArray[np.float64]

_BLOCK = 1 << 20
"""Elements of a weight that are looked at at once, in float64."""


@dataclass(frozen=True, slots=True)
class Use:
    """An op that a weight ends in, at a port, and what it is there.

    `axes[i]` is the axis there that the weight's axis i has become, None where that is not known.
    """

    op: Op
    port: str
    role: Role
    axes: tuple[int, ...] | None

    @property
    def counts(self) -> bool:
        """Whether its size says how much its channels matter."""
        return self.role in ("weight", "table", "scale")

    def channels(self) -> tuple[int, int] | None:
        """The axes of the weight that count its output and input channels."""
        if self.axes is None:
            return None
        out, inner = channel_axes(self.op, self.port, len(self.axes))
        return self.axes.index(out), self.axes.index(inner)


def uses_of(graph: Graph) -> Mapping[str, tuple[Use, ...]]:
    """The uses of each weight, through the ops that only compute with weights. What dequantises one is none of them."""
    found: dict[str, list[Use]] = {}
    for op in reversed(graph.ops):
        through = bool(op.outputs) and all(graph.values[o].const for o in op.outputs)
        for port, name in zip(op.ports, op.inputs, strict=True):
            rank = len(graph.values[name].shape or ())
            if not graph.values[name].const or (op.type == "DequantizeLinear" and port != "x"):
                continue
            if not through:
                found.setdefault(name, []).append(
                    Use(op, port, _role(op, port, graph.values[name]), tuple(range(rank)))
                )
                continue
            order = _order(op, rank)
            for use in (u for out in op.outputs for u in found.get(out, ())):
                axes = tuple(use.axes[a] for a in order) if use.axes is not None and order is not None else None
                found.setdefault(name, []).append(replace(use, axes=axes))
    return {name: tuple(uses) for name, uses in found.items()}


def _role(op: Op, port: str, value: Value) -> Role:
    return "scale" if op.type == "BatchNormalization" and port == "scale" else role_of(op, port, value)


def _order(op: Op, rank: int) -> tuple[int, ...] | None:
    """Where an op puts each axis of what it reads; None where it does more than that."""
    if op.type in ("Cast", "CastLike", "DequantizeLinear", "Identity"):
        return tuple(range(rank))
    if op.type == "Transpose":
        order = op.attrs.get("perm", tuple(reversed(range(rank))))
        assert isinstance(order, tuple)
        return tuple(order.index(a) for a in range(rank))
    return None


class Weights:
    """The contents of the weights of a draft. None is held: each is read when it is asked for, and let go."""

    def __init__(self, draft: Draft) -> None:
        self._held = draft.model.graph.initializers

    def has(self, name: str) -> bool:
        """Whether a value is a weight, and none that is computed of others."""
        return name in self._held

    def sums(self, name: str, kept: Sequence[Sequence[int]], power: int) -> list[Array]:
        """The sums of |w| to a power over all axes but some, for each of several choices of axes to keep, ascending."""
        shape = self._shape(name)
        found = [np.zeros([shape[a] for a in axes]) for axes in kept]
        for start, block in self._blocks(name):
            size = np.abs(block) ** power
            for axes, total in zip(kept, found, strict=True):
                part = size.sum(tuple(a for a in range(size.ndim) if a not in axes))
                if 0 in axes:
                    total[start : start + len(part)] += part
                else:
                    total += part
        return found

    def whole(self, name: str) -> NDArray[np.float32]:
        """All of a weight."""
        found = np.empty(self._shape(name), np.float32)
        for start, block in self._blocks(name):
            found[start : start + len(block)] = block
        return found

    def _shape(self, name: str) -> tuple[int, ...]:
        return tuple(int(n) for n in _tensor(self._held[name]).shape.numpy())

    def _blocks(self, name: str) -> Iterator[tuple[int, Array]]:
        """The parts of a weight along its first axis, and where they start. What is no number counts as nothing."""
        value = self._held[name]
        tensor, scaled = _tensor(value), self._scaled(value)
        array = np.asarray(tensor.numpy())
        array = np.abs(array) if array.dtype.kind == "c" else array
        rows = max(_BLOCK // max(array[:1].size, 1), 1)
        for start in range(0, len(array), rows):
            part: Array = array[start : start + rows].astype(np.float64)
            if scaled is not None:
                offset, scale = (f[start : start + rows] if len(f) == len(array) else f for f in scaled)
                part = (part - offset) * scale
            yield start, np.nan_to_num(part, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        del array  # it is a view of the file, which is let go
        if isinstance(tensor, ir.ExternalTensor):
            tensor.release()

    def _scaled(self, value: ir.Value) -> tuple[Array, Array] | None:
        """Zero points and scales of a DequantizeLinear behind a weight, shaped to be broadcast to it."""
        node = next((n for n, i in value.uses() if n.op_type == "DequantizeLinear" and i == 0), None)
        if node is None or node.inputs[1] is None or node.inputs[1].const_value is None:
            return None
        scale = contents(node.inputs[1].const_value).reshape(-1)
        zero = node.inputs[2] if len(node.inputs) > 2 else None
        offset = np.zeros_like(scale)
        if zero is not None and zero.const_value is not None:
            offset = contents(zero.const_value).reshape(-1).astype(np.float64)
        shape = [1] * len(self._shape(value.name or ""))
        if scale.size > 1:
            shape[node.attributes.get_int("axis", 1) % len(shape)] = -1
        return offset.reshape(shape), scale.reshape(shape)


def _tensor(value: ir.Value) -> ir.TensorProtocol:
    assert value.const_value is not None  # it is an initializer
    return value.const_value
