"""Rewrites that are easy to see through, right ones and wrong ones, for tests of what applies and proves them."""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, EXACT, Claim, changes
from edgeplan.surgery.looking import is_constant, made_by
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage


class ReluOnce(Rewrite):
    """Relu(Relu(x)) is Relu(x), but where the outer one is called `keep`."""

    id = "relu-once"
    claim: ClassVar[Claim] = EXACT
    stage = Stage.TIDY
    roots = frozenset({"Relu"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        inner = made_by(node.inputs[0], "Relu")
        if inner is None:
            return None
        if node.name == "keep":
            return NearMiss("it is to be kept")
        edit = Edit()
        made = edit.op("Relu", [inner.inputs[0]])
        return edit.replaces([inner, node], {node.outputs[0]: made})


class NegAway(Rewrite):
    """Neg(Neg(x)) is x: what is there already takes the place."""

    id = "neg-away"
    claim: ClassVar[Claim] = EXACT
    stage = Stage.TIDY
    roots = frozenset({"Neg"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        inner = made_by(node.inputs[0], "Neg")
        if inner is None or inner.inputs[0] is None:
            return None
        return Edit().replaces([inner, node], {node.outputs[0]: inner.inputs[0]})


class MulFolded(Rewrite):
    """x * a * b is x * (a * b), a new weight."""

    id = "mul-folded"
    claim: ClassVar[Claim] = EQUAL
    stage = Stage.FOLD
    roots = frozenset({"Mul"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        inner = made_by(node.inputs[0], "Mul")
        outer, first = node.inputs[1], inner.inputs[1] if inner is not None else None
        if inner is None or outer is None or first is None or not is_constant(outer) or not is_constant(first):
            return None
        edit = Edit()
        both = edit.folded(lambda a, b: a * b, first, outer, shape=list(outer.shape or ()))
        return edit.replaces([inner, node], {node.outputs[0]: edit.op("Mul", [inner.inputs[0], both])})


class MulHalved(MulFolded):
    """Wrong: it forgets the inner weight."""

    id = "mul-halved"

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        inner = made_by(node.inputs[0], "Mul")
        if inner is None:
            return None
        edit = Edit()
        return edit.replaces([inner, node], {node.outputs[0]: edit.op("Mul", [inner.inputs[0], node.inputs[1]])})


class TanhNear(Rewrite):
    """Tanh(x) is about x / (1 + |x|): off by a tenth, where it says a hundredth or, `bold`, a half."""

    id = "tanh-near"
    claim: ClassVar[Claim] = changes(1e-2, "another curve")
    stage = Stage.FORM
    roots = frozenset({"Tanh"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        edit = Edit()
        return edit.replaces([node], {node.outputs[0]: edit.op("Softsign", [node.inputs[0]])})


class TanhBold(TanhNear):
    """The same, with a promise it can keep."""

    id = "tanh-bold"
    claim: ClassVar[Claim] = changes(0.5, "another curve")


class Trips(Rewrite):
    """Looks for an attribute that is not there."""

    id = "trips"
    claim: ClassVar[Claim] = EXACT
    stage = Stage.TIDY
    roots = frozenset({"Transpose"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        return NearMiss(str(node.attributes["perm"].as_ints()[7]))
