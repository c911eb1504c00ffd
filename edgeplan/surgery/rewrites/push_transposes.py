"""Ops between Transposes run in the other order of axes, so that Transposes meet and cancel.

Before:
    a = Transpose(x, perm=[0, 2, 3, 1])
    b = Transpose(z, perm=[0, 2, 3, 1])
    c = Concat(Relu(a), b, axis=3)
    y = Transpose(c, perm=[0, 3, 1, 2])
After:
    y = Concat(Relu(x), z, axis=1)

Most ops do not care about the order of the axes of what they read, as long as they are told where their own axis has
gone and their constants are turned likewise. Which of the ops around a Transpose are to run in the other order is
decided for all of them at once: it is a least cut of the graph, where a cut edge is a tensor to be transposed. It is
done only where fewer Transposes are left than there were, whatever stands in between and however many branches it
has. Not done across ops that are tied to the order they have, such as convolutions and Reshapes. Elements keep their
bits, but where one of the ops adds up along an axis (a mean, a softmax): there sums may be taken in another order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.carriers import carrier
from edgeplan.surgery.carrying import Carrier
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.groups import in_order
from edgeplan.surgery.least_cut import Network
from edgeplan.surgery.looking import dims, is_constant, is_output, made_by, readers
from edgeplan.surgery.reshaping import VIEWS
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import transposed
from edgeplan.surgery.transposing import Order, inverse, moves_nothing, order_of

__all__ = ["PushTransposes"]

_FARTHEST = 256
"""Ops that are looked at around a Transpose."""

_OTHER, _OWN = "other order", "own order"
"""The two sides of the cut: what has its axes in the other order, and what keeps them."""

_NEVER = 1 << 20

_MOVES, _RESHAPES = 2, 1
"""The prices of a Transpose, and of one that only moves axes of size 1."""


class PushTransposes(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "push-transposes"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Transpose"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Transpose that ops before or behind it can do without, or with fewer in its place."""
        order, data = order_of(node), node.inputs[0]
        shape = dims(data)
        if order is None or data is None or shape is None or moves_nothing(order, shape):
            return None
        why = ""
        for start, other in ((data, order), (node.outputs[0], inverse(order))):
            around = _Around(other, context.opset, node.graph)
            around.explore(start)
            found = around.turned()
            if isinstance(found, Replacement):
                return found
            why = why or found
        return NearMiss(why) if why else None


@dataclass
class _Around:
    """The ops around a Transpose that can run in the order `other`, and what of it pays."""

    other: Order
    opset: int
    graph: ir.Graph | ir.Function | None
    carriers: dict[ir.Node, Carrier | None] = field(default_factory=dict)
    values: dict[ir.Value, None] = field(default_factory=dict)
    tied_to: str = ""

    def explore(self, start: ir.Value) -> None:
        """Find all carriers that hang together with a value."""
        queue = deque([start])
        while queue:
            value = queue.popleft()
            if value in self.values:
                continue
            self.values[value] = None
            near = [n for n, at in value.uses() if (c := self.carrier(n)) and at in c.tied and not c.settled]
            maker = value.producer()
            if maker is not None and (own := self.carrier(maker)) and not own.settled:
                near.append(maker)
            for node in near:
                how = self.carriers[node]
                assert how is not None
                queue.extend(v for at in how.tied if (v := node.inputs[at]) is not None)
                queue.extend(node.outputs)

    def carrier(self, node: ir.Node) -> Carrier | None:
        """How a node carries the other order; None for all behind the first few hundred, too."""
        if node not in self.carriers:
            if node.graph is not self.graph or len(self.carriers) >= _FARTHEST:
                return None
            found = carrier(node, self.other, self.opset)
            self.tied_to = self.tied_to or (found if isinstance(found, str) else "")
            self.carriers[node] = found if isinstance(found, Carrier) else None
        return self.carriers[node]

    def order(self, node: ir.Node | None) -> Order | None:
        """The order a Transpose of this graph gives; None for any other op."""
        if node is None or node.op_type != "Transpose" or node.domain != "" or node.graph is not self.graph:
            return None
        return order_of(node)

    def maker(self, value: ir.Value) -> ir.Node | str:
        """Who decides the order a value is there in: an op, or it has the one or the other."""
        node = value.producer()
        order = self.order(node)
        if node is None or (order is None and not ((own := self.carrier(node)) and not own.settled)):
            return _OWN
        return _OTHER if order == inverse(self.other) else node

    def takers(self, value: ir.Value) -> set[ir.Node | str]:
        """Who decides the order a value is wanted in; those that take either are left out."""
        found: set[ir.Node | str] = {_OWN} if is_output(value) else set()
        for node, at in value.uses():
            own, order = self.carrier(node), self.order(node)
            if order is not None:
                found |= {_OTHER} if order == self.other else set()
            elif own is None or at not in own.tied:
                found.add(_OWN)
            elif not own.settled:
                found.add(node)
        return found

    def price(self, value: ir.Value) -> int:
        """What it costs to have a value in both orders: next to nothing where a Reshape can turn it.

        Nothing at all where it is next to a Reshape, which then does both.
        """
        if not moves_nothing(self.other, dims(value) or ()):
            return _MOVES
        views = made_by(value, *VIEWS) is not None or any(made_by(n.outputs[0], *VIEWS) for n in readers(value))
        return 0 if views else _RESHAPES

    def transposes(self, value: ir.Value, side: Collection[Hashable]) -> bool:
        """Whether a value has to be there in both orders, when what is in `side` runs in the other one."""
        maker, takers = self.maker(value), self.takers(value)
        return any(taker not in side for taker in takers) if maker in side else any(taker in side for taker in takers)

    def turned(self) -> Replacement | str:
        """The replacement with the fewest Transposes; why not, or nothing, where these are no fewer than now."""
        prices = {v: price for v in self.values if (price := self.price(v))}
        now = [v for v in prices if self.transposes(v, {_OTHER})]
        if not now:
            return ""
        network = Network()
        for value, price in prices.items():
            maker, takers = self.maker(value), self.takers(value)
            if maker != _OTHER:
                network.edge(("any other", value), maker, price)
                for taker in takers - {_OWN}:
                    network.edge(taker, ("any other", value), _NEVER)
            if maker != _OWN:
                network.edge(maker, ("all other", value), price)
                for taker in takers - {_OTHER}:
                    network.edge(("all other", value), taker, _NEVER)
        least, side = network.cut(_OTHER, _OWN)
        moving = [v for v in prices if prices[v] == _MOVES]
        then = sum(self.transposes(v, side) for v in moving)
        if least >= sum(prices[v] for v in now) or then >= sum(self.transposes(v, {_OTHER}) for v in moving):
            return self.tied_to or ("as many Transposes would be left" if len(now) > 1 else "")
        chosen = dict.fromkeys(n for n, how in self.carriers.items() if how is not None and n in side)
        if not chosen:
            return ""
        turn = _Turn(self, chosen, side)
        return "the tensors go round in both orders" if turn.goes_round() else turn.replacement()

    def tied(self, node: ir.Node) -> list[ir.Value]:
        """The inputs a carrier takes in the other order."""
        how = self.carriers[node]
        return [v for at in how.tied if (v := node.inputs[at]) is not None] if how is not None else []


class _Turn:
    """The new ops of a region whose `chosen` ops run in the other order.

    `taken` is what these read in it, `ahead` what is there in the other order: their results, and what Transposes make
    that can as well make it so.
    """

    def __init__(self, around: _Around, chosen: dict[ir.Node, None], side: Collection[Hashable]) -> None:
        self.around, self.chosen = around, chosen
        self.taken = dict.fromkeys(v for n in chosen for v in around.tied(n))
        self.ahead = {out for n in chosen for out in n.outputs}
        self.ahead |= {v for v in self.taken if around.maker(v) in side}
        self.other, self.back = around.other, inverse(around.other)
        self.edit = Edit()
        self.in_other: dict[ir.Value, ir.Value] = {}
        self.in_own: dict[ir.Value, ir.Value] = {}
        self.old: dict[ir.Node, None] = {}

    def goes_round(self) -> bool:
        """Whether a chosen op reads, by way of a Transpose, what another one gives."""
        sources = [
            m.inputs[0] for v in self.taken if (m := v.producer()) is not None and self.around.order(m) is not None
        ]
        return any(source is not None and source.producer() in self.chosen for source in sources)

    def replacement(self) -> Replacement:
        """All of it, what is needed first made first."""
        for node in in_order(self.chosen):
            self.old[node] = None
            self.turn(node.outputs[0])
        outputs: dict[ir.Value, ir.Value] = {}
        for value in dict.fromkeys((*(out for n in self.chosen for out in n.outputs), *self.taken)):
            self._hand_out(value, outputs)
        return self.edit.replaces(list(self.old), outputs)

    def _hand_out(self, value: ir.Value, outputs: dict[ir.Value, ir.Value]) -> None:
        """Give those that read a value from outside what they read from now on."""
        gone = value.producer() in self.chosen
        plain = gone and is_output(value)
        for reader, at in list(value.uses()):
            how, order = self.around.carrier(reader), self.around.order(reader)
            settled = order is not None or (how is not None and how.settled and at in how.tied)
            if (settled and value in self.ahead) or (order == self.other and value in self.taken):
                self.old[reader] = None
                outputs.update((o, self.plain(o)) for o in reader.outputs)
            elif gone and reader not in self.chosen:
                plain = True
        if plain:
            outputs[value] = self.plain(value)

    def turn(self, value: ir.Value) -> ir.Value:
        """A value in the other order."""
        if value not in self.in_other:
            maker = value.producer()
            order = self.around.order(maker)
            if maker in self.chosen:
                for old, new in zip(maker.outputs, self._built(maker), strict=True):
                    shape = dims(old)
                    turned = [shape[axis] for axis in self.other] if shape is not None else None
                    self.in_other[old] = self.edit.typed(new, like=old, shape=turned)
            elif maker is not None and order is not None and maker.inputs[0] is not None:
                self.old[maker] = None
                both = tuple(order[axis] for axis in self.other)
                self.in_other[value] = self._transposed(self.plain(maker.inputs[0]), both)
            else:
                self.in_other[value] = self._transposed(self.plain(value), self.other)
        return self.in_other[value]

    def plain(self, value: ir.Value) -> ir.Value:
        """A value in its own order."""
        if value not in self.in_own:
            maker = value.producer()
            source = maker.inputs[0] if maker is not None and maker.inputs else None
            order = self.around.order(maker)
            turned = source is not None and source in self.ahead
            if maker in self.chosen:
                self.in_own[value] = self._transposed(self.turn(value), self.back)
            elif source is not None and order is not None and (turned or source in self.taken and order == self.other):
                self.in_own[value] = self._transposed(self.turn(source), tuple(self.back[axis] for axis in order))
            elif maker is not None and turned and (how := self.around.carrier(maker)) is not None and how.settled:
                for old, new in zip(maker.outputs, self._built(maker), strict=True):
                    self.in_own[old] = self.edit.typed(new, like=old, shape=dims(old))
            else:
                self.in_own[value] = value
        return self.in_own[value]

    def _built(self, node: ir.Node) -> list[ir.Value]:
        how = self.around.carriers[node]
        assert how is not None
        inputs = [
            None if v is None else self.turn(v) if at in how.tied else v if is_constant(v) else self.plain(v)
            for at, v in enumerate(node.inputs)
        ]
        return list(how.build(self.edit, inputs))

    def _transposed(self, value: ir.Value, order: Order) -> ir.Value:
        return value if order == tuple(range(len(order))) else transposed(self.edit, value, order)
