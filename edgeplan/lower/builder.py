"""Collects the ops of a lowered graph while the families of a dialect translate the source ops one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Self

from edgeplan.graph import Attr, Body, DType, Graph, Op, Scalar, Shape, Value

__all__ = ["Builder", "Inputs"]

Inputs = Mapping[str, str | Sequence[str] | None]
"""Port to value name; several names for a variadic port; None for an optional input that is absent."""


class Builder:
    """Ops and values of one lowered graph.

    Every source value keeps its name; its dtype is what the runtime computes in (`retype`). An emitted op carries the
    name of the source op it came from, so that a finding can be traced to the model's own nodes.
    """

    def __init__(self, source: Graph, retype: Callable[[DType], DType]) -> None:
        self.source = source
        self.ops: list[Op] = []
        self.absorbed: set[str] = set()
        """Outputs of the source ops that another one's lowering has done already."""
        self.returned = frozenset(source.outputs)
        """The values that the source graph returns."""
        self._retype = retype
        self._values: dict[str, Value] = {}
        self._current: Op | None = None
        self._made = 0

    def value(self, name: str) -> Value:
        """The value as the dialect holds it."""
        found = self._values.get(name)
        if found is None:
            v = self.source.values[name]
            dtype = None if v.dtype is None else self._retype(v.dtype)
            found = v if dtype is v.dtype else Value(v.name, dtype, v.shape, v.const, v.data)
            self._values[name] = found
        return found

    def shape(self, name: str) -> Shape:
        """Shape of a value."""
        return self.value(name).shape

    def rank(self, name: str) -> int | None:
        """Rank of a value, None when unknown."""
        shape = self.shape(name)
        return None if shape is None else len(shape)

    def data(self, name: str | None) -> tuple[Scalar, ...] | None:
        """Elements of a small constant; None for an absent input, a variable or a weight."""
        return None if name is None else self.value(name).data

    def constant(self, data: Sequence[Scalar], dtype: DType, shape: tuple[int, ...], hint: str = "const") -> str:
        """A new small constant; returns its name."""
        return self._add(Value(self._fresh(hint), dtype, shape, True, tuple(data)))

    def weight(self, like: str, shape: Shape, hint: str = "weight") -> str:
        """A new constant computed from another one, its elements unread: a transposed, split or concatenated weight."""
        return self._add(Value(self._fresh(hint), self.value(like).dtype, shape, True))

    def mark(self, name: str, quantization: str) -> None:
        """Say how a value is quantised, as `Value.quantization` has it."""
        self._add(replace(self.value(name), quantization=quantization))

    def emit(
        self,
        type: str,
        inputs: Inputs,
        shape: Shape = None,
        *,
        to: str | Sequence[str] | None = None,
        dtype: DType | None = None,
        attrs: Mapping[str, Attr] | None = None,
        bodies: tuple[Body, ...] = (),
    ) -> str:
        """Add one op and return the name of its (first) output.

        `to` names the source value(s) the op produces: shape and dtype come from the source graph. Without `to` a new
        intermediate of `shape` is made, of `dtype` or else of the first input's dtype.
        """
        ports: list[str] = []
        names: list[str] = []
        for port, given in inputs.items():
            for name in () if given is None else (given,) if isinstance(given, str) else given:
                ports.append(port)
                names.append(name)
                if name not in self._values:
                    self.value(name)
        if to is None:
            kind = dtype or (self.value(names[0]).dtype if names else None)
            outputs: tuple[str, ...] = (self._add(Value(self._fresh(type), kind, shape)),)
        else:
            outputs = (to,) if isinstance(to, str) else tuple(to)
            for name in outputs:
                self.value(name)
        source = self._current
        base = source.name if source else type
        count = self._made
        self._made += 1
        self.ops.append(
            Op(
                name=f"{base}/{type}.{count}",
                type=type,
                inputs=tuple(names),
                ports=tuple(ports),
                outputs=outputs,
                attrs=attrs or {},
                bodies=bodies,
                sources=(source.sources or (source.name,)) if source else (),
            )
        )
        return outputs[0]

    def leave(self, op: Op) -> None:
        """Keep an op that has no lowering, under the domain `onnx` when it is of the default one."""
        for name in (*op.inputs, *op.outputs):
            self.value(name)
        self.ops.append(
            Op(
                op.name,
                op.type,
                op.inputs,
                op.ports,
                op.outputs,
                op.attrs,
                op.domain or "onnx",
                op.version,
                op.bodies,
                op.sources or (op.name,),
            )
        )

    def translate(self, op: Op, lowering: Callable[[Op, Self], bool] | None) -> None:
        """Lower one op, or leave it when it cannot be.

        `lowering` emits the dialect's ops and returns True, or emits nothing and returns False.
        """
        self._current = op
        if lowering is None or not lowering(op, self):
            self.leave(op)
        self._current = None

    def finish(self, dialect: str) -> Graph:
        """The lowered graph."""
        for name in (*self.source.inputs, *self.source.outputs):
            self.value(name)
        for op in self.ops:
            for body in op.bodies:
                for name in body.graph.captured:
                    if name in self.source.values:
                        self.value(name)
        return Graph(self.source.name, dialect, tuple(self.ops), self._values, self.source.inputs, self.source.outputs)

    def _fresh(self, hint: str) -> str:
        base = self._current.name if self._current else "graph"
        return f"{base}/{hint}:{len(self._values)}"

    def _add(self, value: Value) -> str:
        self._values[value.name] = value
        return value.name
