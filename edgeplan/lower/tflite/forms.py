"""In which axis orders the lowered graph holds each source value, and how it gets another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

from edgeplan.graph import DType, Graph, Op, Shape, Value
from edgeplan.lower import builder
from edgeplan.lower.shapes import static
from edgeplan.lower.tflite.layout import (
    NATIVE,
    Layout,
    Order,
    channels_last,
    composed,
    moved,
    normal,
    rearranged,
    relaid,
    relaid_shape,
    trivial,
)

__all__ = ["Forms"]


class Forms(builder.Builder):
    """The tensors that hold each source value, by axis order.

    A name of the source graph stands for the source's value: `shape`, `rank` and `value` tell its own axis order. The
    tensors that hold it, in this order or another, are made by `native`, `last` and `ordered`, each at most once. A
    transpose in the model is an alias: the same tensors in other orders.
    """

    def __init__(
        self, source: Graph, retype: Callable[[DType], DType], wants: Mapping[str, Layout], *, inner: bool
    ) -> None:
        super().__init__(source, retype)
        self._wants = wants
        self._inner = inner
        self._forms: dict[str, dict[Order, str]] = {}
        self._alias: dict[str, tuple[str, Order]] = {}
        self._maker: dict[str, Op] = {}
        self._stands_for: dict[str, str] = {}
        self._captured = frozenset(n for op in source.ops for body in op.bodies for n in body.graph.captured)
        self._sequences = False
        for name in () if inner else source.inputs:
            order = channels_last(self.rank(name) or 0)
            if order and wants.get(name) is Layout.LAST and name not in self._captured:
                self._hold(name, order)
                self._sequences |= len(order) == 3

    def shape(self, name: str) -> Shape:
        """Shape of a value."""
        return (self._values.get(name) or self.value(name)).shape  # asked for ten times an op: at hand as a rule

    def rank(self, name: str) -> int | None:
        """Rank of a value, None when unknown."""
        shape = (self._values.get(name) or self.value(name)).shape
        return None if shape is None else len(shape)

    def transpose(self, x: str, perm: Sequence[int], *, to: str | None = None, order: Order = NATIVE) -> str:
        """The op that transposes a tensor."""
        raise NotImplementedError

    def wants(self, name: str) -> Layout | None:
        """The order in which the readers of a source value want it; None when nothing asks for one."""
        return self._wants.get(name)

    def orders(self, name: str) -> tuple[Order, ...]:
        """The orders in which a source value exists already."""
        root, perm = self._alias.get(name, (name, NATIVE))
        forms = self._forms.get(root)
        if forms is None:
            return (composed(NATIVE, perm),)
        return tuple(composed(o, perm) for o in forms) if perm else tuple(forms)

    def is_native(self, name: str) -> bool:
        """True when a source value exists in its own order and in no other."""
        forms = self._forms.get(name)
        return name not in self._alias and (forms is None or (len(forms) == 1 and NATIVE in forms))

    def is_within_reach(self, name: str, order: Order) -> bool:
        """True when a source value exists in an order, or a RESHAPE of a tensor gives it."""
        shape, rank = self.shape(name), self.rank(name) or 0
        orders = [o for o in self.orders(name) if len(o) in (0, rank)]
        perms = (moved(o, order, rank) for o in orders)
        return order in orders or any(trivial(relaid_shape(o, shape), p) for o, p in zip(orders, perms, strict=True))

    def native(self, name: str) -> str:
        """The tensor that holds a value in the source's own order."""
        return self.ordered(name, NATIVE)

    def last(self, name: str) -> str:
        """The tensor that holds a value with its channels last."""
        return self.ordered(name, channels_last(self.rank(name) or 0))

    def ordered(self, name: str, order: Order) -> str:
        """The tensor that holds a value in this order: there already, a constant re-laid, or one TRANSPOSE more."""
        if name in self._alias:
            root, perm = self._alias[name]
            order = normal([perm[a] for a in order]) if order and perm else order or perm
        else:
            root = name
        forms = self._forms.get(root)
        if forms is None:
            if not order:
                return root
            forms = self._forms[root] = {NATIVE: root}
        found = forms.get(order)
        if found is None:
            found = forms[order] = self._relay(root, order, name)
        return found

    def alias(self, name: str, of: str, perm: Sequence[int]) -> None:
        """Say that source value `name` is `Transpose(perm)` of `of`: no op until an order of it is asked for.

        An empty `perm` says that it is the same value.
        """
        if name in self._captured:
            self.transpose(self.native(of), perm or range(self.rank(of) or 0), to=name)
            return
        root, before = self._alias.get(of, (of, NATIVE))
        self._alias[name] = (root, normal([before[p] for p in perm] if before and perm else before or perm))
        if self._current is not None:
            self._maker[name] = self._current

    def adopt(self, name: str, tensor: str, order: Order = NATIVE) -> None:
        """Say that a tensor made already is source value `name` in an order."""
        self._forms.setdefault(name, {})[order] = tensor
        if tensor not in self.source.values:
            self._stands_for.setdefault(tensor, name)
        if name in self._captured and (order or self._stands_for.get(tensor) != name):
            self._forms[name] = {order: tensor} if order else {}
            self.transpose(tensor, moved(order, NATIVE, self.rank(name) or 0), to=name)

    def is_weight(self, name: str) -> bool:
        """True for a constant that no op of the graph makes."""
        return name not in self.source.producer and self.value(name).const

    def _hold(self, name: str, order: Order) -> str:
        """A new tensor that an op makes for a source value in an order."""
        value = self.value(name)
        tensor = f"{name}@{len(self._values)}"
        # under the value's own name: `finish` gives it to the tensor, unless the value is there in its own order too
        self._values[tensor] = Value(name, value.dtype, relaid_shape(order, value.shape))
        self._forms.setdefault(name, {})[order] = tensor
        self._stands_for[tensor] = name
        return tensor

    def _relay(self, root: str, order: Order, name: str) -> str:
        """A tensor of `root` in a new order; `name` is the value it is made for."""
        forms = self._forms[root]
        if self.is_weight(root):
            return self.relaid_constant(root, self.shape(root) or (), order)
        rank = len(order or next(o for o in forms))
        source = next((o for o, t in forms.items() if trivial(self.shape(t), moved(o, order, rank))), None)
        if source is None:
            source = next(iter(forms))
        before, self._current = self._current, self._maker.get(name, self._current)
        if name in self._captured and not order and name == root:
            made = self.transpose(forms[source], moved(source, order, rank), to=name)
        else:
            made = self.transpose(forms[source], moved(source, order, rank))
            self._stands_for[made] = name
        self._current = before
        return made

    def relaid_constant(self, name: str, shape: Shape, perm: Order) -> str:
        """A constant's elements, taken as of `shape` and transposed."""
        value = self.value(name)
        sizes = static(shape)
        if value.data is None or sizes is None or prod(sizes) != len(value.data):
            return self.weight(name, relaid_shape(perm, shape))
        dtype = value.dtype or DType.FLOAT32
        return self.constant(rearranged(value.data, sizes, perm), dtype, relaid(perm, sizes), "relaid")

    def table(self, shape: Shape, dtype: DType) -> str:
        """A new constant of a type of its own, its elements unread."""
        return self._add(Value(self._fresh("table"), dtype, shape, True))
