"""The builder of a LiteRT graph: adds ops, re-laying what they read, and names the result as the model does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Self

from edgeplan.graph import Attr, Body, DType, Graph, Op, Scalar, Shape, Value
from edgeplan.lower import builder
from edgeplan.lower.shapes import reshape_target
from edgeplan.lower.tflite.forms import Forms
from edgeplan.lower.tflite.layout import NATIVE, Layout, Order, channels_last, relaid_shape, trivial
from edgeplan.tflite_ops import tflite_schema

__all__ = ["Builder"]


class Builder(Forms):
    """Ops and tensors of one LiteRT graph.

    What `native`, `last`, `ordered` and `emit` return are names of tensors, whose shape is the tensor's. Where a tensor
    is asked for, a source name means its native order.

    `half` says that float weights are kept in float16, with a DEQUANTIZE in front of their readers.
    """

    def __init__(
        self,
        source: Graph,
        retype: Callable[[DType], DType],
        wants: Mapping[str, Layout],
        *,
        half: bool = False,
        inner: bool = False,
    ) -> None:
        super().__init__(source, retype, wants, inner=inner)
        self.sizes: dict[tuple[str, int], str] = {}
        """Sizes of tensors that only the run knows, by tensor and axis, as `runtime` made them."""
        self._half = half
        self._joined: dict[str, tuple[str, ...]] = {}
        self._shared: dict[tuple[object, ...], str] = {}
        self._widened: dict[str, str] = {}
        self._reshaped: dict[str, str] = {}

    def translate(self, op: Op, lowering: Callable[[Op, Self], bool] | None) -> None:
        """Lower one op, or leave it when it cannot be. What its bodies capture is there in native order before it."""
        for body in op.bodies:
            for name in body.graph.captured:
                if name in self.source.values:
                    self.native(name)
        super().translate(op, lowering)

    def leave(self, op: Op) -> None:
        """Keep an op that has no lowering; it reads its inputs in native order."""
        super().leave(replace(op, inputs=tuple(self.native(n) for n in op.inputs)))
        for name in op.outputs:
            self._forms[name] = {NATIVE: name}

    def absorb(self, into: str, op: Op) -> None:
        """Say that the op which makes source value `into` does the work of `op` too: that one is not lowered again."""
        self.absorbed.update(op.outputs)
        self._joined[into] = (*self._joined.get(into, ()), *(op.sources or (op.name,)))

    def adopt(self, name: str, tensor: str, order: Order = NATIVE) -> None:
        """Say that a tensor made already is source value `name` in an order."""
        joined = self._joined.get(name)
        if joined is not None and self.ops:
            self.ops[-1] = replace(self.ops[-1], sources=tuple(dict.fromkeys((*self.ops[-1].sources, *joined))))
        super().adopt(name, tensor, order)

    def emit(
        self,
        type: str,
        inputs: builder.Inputs,
        shape: Shape = None,
        *,
        to: str | Sequence[str] | None = None,
        dtype: DType | None = None,
        attrs: Mapping[str, Attr] | None = None,
        bodies: tuple[Body, ...] = (),
        order: Order = NATIVE,
    ) -> str:
        """Add one op and return the tensor that is its (first) output.

        `to` names the source value(s) it makes, `order` the axis order in which it makes them. Without `to` a new
        tensor of `shape` is made, of `dtype` or else of the first input's dtype. Options left out get
        the schema's defaults.
        """
        ports, names = self._resolved(inputs)
        if to is None:
            kind = dtype or (self.value(names[0]).dtype if names else None)
            made = self._add(Value(self._fresh(type), kind, shape))
            self._append(type, ports, names, (made,), attrs, bodies)
            return made
        if not isinstance(to, str):
            return self.several(type, inputs, to, attrs, bodies, order=order)[0]
        made = self._hold(to, order) if order else self._hold_native(to)
        self._append(type, ports, names, (made,), attrs, bodies, self._joined.get(to, ()))
        if order and to in self._captured:
            self.native(to)
        return made

    def several(
        self,
        type: str,
        inputs: builder.Inputs,
        outputs: Sequence[tuple[Shape, DType | None] | str],
        attrs: Mapping[str, Attr] | None = None,
        bodies: tuple[Body, ...] = (),
        *,
        order: Order = NATIVE,
    ) -> tuple[str, ...]:
        """Add one op with several outputs and return the tensors.

        An output is a source value by name, made in `order`, or a new tensor of a shape and a dtype (None: the first
        input's).
        """
        ports, names = self._resolved(inputs)
        kind = self.value(names[0]).dtype if names else None
        made: list[str] = []
        joined: tuple[str, ...] = ()
        for out in outputs:
            if not isinstance(out, str):
                made.append(self._add(Value(self._fresh(type), out[1] or kind, out[0])))
            else:
                made.append(self._hold(out, order) if order else self._hold_native(out))
                joined += self._joined.get(out, ())
        self._append(type, ports, names, tuple(made), attrs, bodies, joined)
        for out in outputs:
            if isinstance(out, str) and order and out in self._captured:
                self.native(out)
        return tuple(made)

    def _hold_native(self, name: str) -> str:
        self._forms.setdefault(name, {})[NATIVE] = name
        return name

    def _resolved(self, inputs: builder.Inputs) -> tuple[list[str], list[str]]:
        """Ports and tensors of an op's inputs."""
        ports: list[str] = []
        names: list[str] = []
        for port, given in inputs.items():
            for name in () if given is None else (given,) if isinstance(given, str) else given:
                ports.append(port)
                names.append(self._read(name))
        return ports, names

    def _append(
        self,
        type: str,
        ports: Sequence[str],
        names: Sequence[str],
        outputs: tuple[str, ...],
        attrs: Mapping[str, Attr] | None,
        bodies: tuple[Body, ...] = (),
        joined: tuple[str, ...] = (),
    ) -> None:
        source = self._current
        sources = (source.sources or (source.name,)) if source else ()
        if joined:
            sources = tuple(dict.fromkeys((*sources, *joined)))
        name = f"{source.name if source else type}/{type}.{self._made}"
        self._made += 1
        given = _options(type, attrs)
        self.ops.append(Op(name, type, tuple(names), tuple(ports), outputs, given, "", 0, bodies, sources))

    def _read(self, name: str) -> str:
        if name in self._forms or name in self._alias:
            return self.native(name)
        if not self._half or name in self.source.producer:
            return name
        value = self.value(name)
        if not value.const or value.dtype is not DType.FLOAT32:
            return name
        found = self._widened.get(name)
        if found is None:
            narrow = self._add(Value(f"{name}@half", DType.FLOAT16, value.shape, True, value.data))
            wide = Value(f"{name}@single", DType.FLOAT32, value.shape, True, value.data)
            found = self._widened[name] = self._widened[wide.name] = self._add(wide)
            self._append("DEQUANTIZE", ("input",), (narrow,), (found,), None)
        return found

    def transpose(self, x: str, perm: Sequence[int], *, to: str | None = None, order: Order = NATIVE) -> str:
        """TRANSPOSE(input, perm), or RESHAPE(input, shape) where no element moves."""
        shape = relaid_shape(tuple(perm), self.shape(x))
        if trivial(self.shape(x), perm) and reshape_target(shape) is not None:
            return self.reshape(x, shape, to=to, order=order)
        return self.emit("TRANSPOSE", {"input": x, "perm": self.ints(perm)}, shape, to=to, order=order)

    def reshape(self, x: str, shape: Shape, *, to: str | None = None, order: Order = NATIVE) -> str:
        """RESHAPE(input, shape) to a shape with at most one unknown axis; one that undoes another is left out."""
        target = reshape_target(shape) or ()
        x = self._reshaped.get(x, x)
        if to is None and shape is not None and self.shape(x) == shape:
            return x
        inputs = {"input": x, "shape": self.ints(target)}
        made = self.emit("RESHAPE", inputs, shape, to=to, order=order, attrs={"new_shape": target})
        self._reshaped[made] = x
        return made

    def ints(self, data: Sequence[int], dtype: DType = DType.INT32) -> str:
        """A constant vector of integers."""
        return self._constant_once(tuple(data), dtype, (len(data),))

    def scalar(self, value: Scalar, dtype: DType | None = DType.FLOAT32) -> str:
        """A constant of rank 0."""
        return self._constant_once((value,), dtype or DType.FLOAT32, ())

    def like(self, x: str, value: Scalar) -> str:
        """A constant of rank 0 in the type of a tensor."""
        return self.scalar(value, self.value(x).dtype)

    def _constant_once(self, data: tuple[Scalar, ...], dtype: DType, shape: tuple[int, ...]) -> str:
        key = (dtype, shape, data)
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = self.constant(data, dtype, shape)
        return found

    def finish(self, dialect: str) -> Graph:
        """The lowered graph: what was made channels last is returned so, and a tensor has the name of its value."""
        outputs = [self._output(name) for name in self.source.outputs]
        self._unhold()
        inputs = [next(iter(self._forms.get(name, {NATIVE: name}).values())) for name in self.source.inputs]
        names: dict[str, str] = {}
        given: set[str] = set()
        for tensor, source in self._stands_for.items():
            if source not in given and self._forms.get(source, {}).get(NATIVE) != source:
                names[tensor] = source
                given.add(source)
        values: dict[str, Value] = {}
        changed = names.get

        def kept(tensors: Iterable[str]) -> tuple[str, ...]:
            found = []
            for tensor in tensors:
                name = changed(tensor, tensor)
                found.append(name)
                if name not in values:
                    v = self.value(tensor)
                    values[name] = v if v.name == name else Value(name, v.dtype, v.shape, v.const, v.data)
            return tuple(found)

        entries = kept(inputs)
        ops = tuple(_renamed(op, kept(op.inputs), kept(op.outputs)) for op in self.ops if op.outputs)
        returned = kept(outputs)
        for op in self.ops:
            for body in op.bodies:
                values.update((n, self.value(n)) for n in body.graph.captured if n in self.source.values)
        return Graph(self.source.name, dialect, ops, values, entries, returned)

    def _unhold(self) -> None:
        """Take back the channels-last order of inputs that are only transposed to their own, for ops that were left."""
        held = {self._forms[n][o]: n for n in self.source.inputs for o in self._forms.get(n, ()) if o}
        readers: dict[str, list[int]] = {}
        for i, op in enumerate(self.ops):
            for name in op.inputs:
                if name in held:
                    readers.setdefault(name, []).append(i)
        for tensor, name in held.items():
            native, found = self._forms[name].get(NATIVE), readers.get(tensor, ())
            if native is not None and len(found) == 1 and self.ops[found[0]].outputs == (native,) and native != name:
                self._forms[name] = {NATIVE: native}
                self.ops[found[0]] = replace(self.ops[found[0]], outputs=())

    def _output(self, name: str) -> str:
        """The tensor that the graph returns for a value: as it is made when that is channels last.

        Of rank 3 only in a network whose inputs are sequences: what a network of planes returns keeps its order.
        """
        if name not in self._alias and not self._inner and NATIVE not in self._forms.get(name, {NATIVE: name}):
            found = self._forms[name].get(channels_last(self.rank(name) or 0))
            if found is not None and (self.rank(name) != 3 or self._sequences):
                return found
        return self.native(name)


def _options(type: str, given: Mapping[str, Attr] | None) -> Mapping[str, Attr]:
    return {**_defaults(type), **given} if given else _defaults(type)


@lru_cache(maxsize=256)
def _defaults(type: str) -> Mapping[str, Attr]:
    """The options of a builtin op when nothing is said of them; none for another op."""
    schema = tflite_schema()
    return schema.attributes(type, {}) if type in schema.ops else {}


def _renamed(op: Op, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Op:
    if inputs == op.inputs and outputs == op.outputs:
        return op
    return Op(op.name, op.type, inputs, op.ports, outputs, op.attrs, op.domain, op.version, op.bodies, op.sources)
