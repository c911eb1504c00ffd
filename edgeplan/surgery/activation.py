"""Activations as exporters take them apart, in whatever order: arithmetic around one value, multiplied out."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, pi, sqrt
from typing import Literal

import onnx_ir as ir

from edgeplan.surgery.clipping import bounds_of
from edgeplan.surgery.looking import dims, floats, is_constant, made_by, only_reader, scalar
from edgeplan.surgery.rewrite import Edit, NearMiss

__all__ = ["Spelled", "gelu", "hard_swish", "tanh_gelu", "untold"]

Terms = dict[tuple[ir.Value, ...], float]
"""A polynomial: the coefficient of each product of values."""

_ROUNDED = 2e-6
"""What a constant of a pattern may be off by, as a part of it: that of float32 is, one of float16 is not."""

_ALIKE = 3e-3
"""Up to here a constant is taken to be meant as the pattern's, and is told as a near miss."""

_DEPTH = 7
"""Ops in a row that are multiplied out at most."""

_TERMS = 6
"""Terms a sum may have: no activation has more."""

_ARITHMETIC = ("Mul", "Div", "Add", "Sub", "Neg", "Pow")

_NEAR = 16
"""Ops before a product that are looked at for what an activation is made of, before anything is multiplied out."""


@dataclass(frozen=True, slots=True)
class _Expanded:
    """A value as a polynomial in others, and the ops that computed it."""

    terms: Terms
    nodes: tuple[ir.Node, ...]

    @property
    def atoms(self) -> tuple[ir.Value, ...]:
        """The values it is a polynomial in."""
        return tuple(dict.fromkeys(v for product in self.terms for v in product))


@dataclass(frozen=True, slots=True)
class Spelled:
    """An activation that was found taken apart: of what value, in which form, and the ops it takes."""

    x: ir.Value
    form: Literal["none", "tanh", "hard"]
    nodes: tuple[ir.Node, ...]


def _expanded(value: ir.Value, reader: ir.Node | None, *atoms: ir.Value, depth: int = _DEPTH) -> _Expanded:
    """Multiply out the sums, products and small powers a value is made by, as far as `reader` alone reads them."""
    if value in atoms:
        return _Expanded({(value,): 1.0}, ())
    number = scalar(value) if is_constant(value) else None
    if number is not None:
        return _Expanded({(): number}, ())
    whole = _Expanded({(value,): 1.0}, ())
    node = made_by(value, *_ARITHMETIC)
    if node is None or depth == 0 or (reader is not None and only_reader(value) is not reader):
        return whole
    parts = [_expanded(v, node, *atoms, depth=depth - 1) for v in node.inputs if v is not None]
    terms = _combined(node.op_type, [p.terms for p in parts])
    if terms is None or len(terms) > _TERMS:
        return whole
    return _Expanded(terms, tuple(dict.fromkeys((*(n for p in parts for n in p.nodes), node))))


def _combined(kind: str, parts: list[Terms]) -> Terms | None:
    if kind == "Neg":
        return _times(parts[0], {(): -1.0})
    if len(parts) != 2:
        return None
    a, b = parts
    if kind in ("Add", "Sub"):
        return _plus(a, b if kind == "Add" else _times(b, {(): -1.0}))
    if kind == "Mul":
        return _times(a, b)
    number = b.get(()) if len(b) == 1 else None
    if kind == "Div":
        return _times(a, {(): 1 / number}) if number else None
    if number not in (2.0, 3.0):
        return None
    return _times(_times(a, a), a) if number == 3 else _times(a, a)


def _plus(a: Terms, b: Terms) -> Terms:
    return {p: a.get(p, 0.0) + b.get(p, 0.0) for p in {**a, **b}}


def _times(a: Terms, b: Terms) -> Terms:
    found: Terms = {}
    for p, m in a.items():
        for q, n in b.items():
            product = tuple(sorted((*p, *q), key=id))
            found[product] = found.get(product, 0.0) + m * n
    return found


def _behind(node: ir.Node, *types: str) -> bool:
    """Whether arithmetic alone lies between one of `types` and an op: a quick look that spares most the long one."""
    seen = [node]
    for at in seen:
        for value in at.inputs:
            if made_by(value, *types) is not None:
                return True
            before = made_by(value, *_ARITHMETIC)
            if before is not None and len(seen) < _NEAR:
                seen.append(before)
    return False


def _off(found: float, wanted: float) -> float:
    """How far a number is from the one of a pattern, as a part of it."""
    return abs(found - wanted) / abs(wanted) if wanted else abs(found)


def _apart(found: Terms, wanted: Terms) -> float:
    """How far a polynomial is from another at worst; infinite where it has other terms."""
    sought = {tuple(sorted(p, key=id)): c for p, c in wanted.items()}
    if found.keys() != sought.keys():
        return float("inf")
    return max(_off(found[p], c) for p, c in sought.items())


def gelu(node: ir.Node) -> Spelled | NearMiss | None:
    """The GELU that ends in a product: x * (1 + erf(x / sqrt 2)) / 2, or with a tanh of a cubic, in any order."""
    if not _behind(node, "Erf", "Tanh"):
        return None
    whole = _expanded(node.outputs[0], None)
    if len(whole.terms) != 2 or len(whole.atoms) != 2:
        return None
    for x, f in (whole.atoms, whole.atoms[::-1]):
        inner = made_by(f, "Erf", "Tanh")
        if inner is None or inner.inputs[0] is None or only_reader(f) not in whole.nodes:
            continue
        argument = _expanded(inner.inputs[0], inner, x)
        slope = sqrt(2 / pi)
        wanted: Terms = {(x,): slope, (x, x, x): 0.044715 * slope}
        if inner.op_type == "Erf":
            wanted = {(x,): sqrt(0.5)}
        apart = max(_apart(whole.terms, {(x,): 0.5, (x, f): 0.5}), _apart(argument.terms, wanted))
        if apart > _ALIKE:
            continue
        if apart > _ROUNDED:
            return NearMiss(f"its constants are rounded: one is off by {apart:.0e} of itself")
        return _spelled(node, x, "none" if inner.op_type == "Erf" else "tanh", (*argument.nodes, inner, *whole.nodes))
    return None


def hard_swish(node: ir.Node, opset: int) -> Spelled | NearMiss | None:
    """The hard swish that ends in a product: x * clip(x + 3, 0, 6) / 6 in any order, or with a HardSigmoid."""
    if not _behind(node, "HardSigmoid", "Clip"):
        return None
    whole = _expanded(node.outputs[0], None)
    if len(whole.terms) != 1 or len(whole.atoms) != 2 or len(next(iter(whole.terms))) != 2:
        return None
    scale = next(iter(whole.terms.values()))
    for x, f in (whole.atoms, whole.atoms[::-1]):
        gate = made_by(f, "HardSigmoid", "Clip")
        if gate is None or gate.inputs[0] is None or only_reader(f) not in whole.nodes:
            continue
        ends = (0.0, 1.0) if gate.op_type == "HardSigmoid" else bounds_of(gate, opset)
        if ends is None or inf in (-ends[0], ends[1]):
            continue
        low, high = ends
        argument = _expanded(gate.inputs[0], gate, x)
        slope, offset = 1.0, 0.0
        if gate.op_type == "HardSigmoid":
            slope, offset = floats(gate, "alpha", 0.2), floats(gate, "beta", 0.5)
        line = _plus(_times(argument.terms, {(): scale * slope}), {(): scale * offset})
        if set(line) != {(x,), ()} or max(_off(scale * low, 0.0), _off(scale * high, 1.0)) > _ROUNDED:
            continue
        if _apart(line, {(x,): 1 / 6, (): 0.5}) > _ROUNDED:
            return NearMiss(f"its gate is {line[x,]:.6g} x + {line[()]:.6g}, not x / 6 + 1/2")
        return _spelled(node, x, "hard", (*argument.nodes, gate, *whole.nodes))
    return None


def _spelled(
    node: ir.Node, x: ir.Value, form: Literal["none", "tanh", "hard"], nodes: tuple[ir.Node, ...]
) -> Spelled | NearMiss:
    """What was found, unless its result has more axes than `x`, widened by a constant of higher rank."""
    before, after = dims(x), dims(node.outputs[0])
    if before is None or after is None or x.dtype is None:
        return NearMiss("the shape or type of its input is not known")
    if len(before) != len(after):
        return NearMiss("a constant gives the result more axes than the input has")
    return Spelled(x, form, tuple(dict.fromkeys(nodes)))


def untold(x: ir.Value | None) -> NearMiss | None:
    """A near miss for a value to compute with whose type is not known, or is none with a fraction."""
    if x is None or x.dtype is None:
        return NearMiss("the type of its input is not known")
    return None if x.dtype.is_floating_point() else NearMiss(f"its input is {x.dtype.name.lower()}")


def tanh_gelu(edit: Edit, x: ir.Value) -> ir.Value:
    """The GELU by tanh, as a sigmoid: (1 + tanh u) / 2 = sigmoid(2 u), and u = x * (a + b * x * x)."""
    slope = 2 * sqrt(2 / pi)
    square = edit.op("Mul", [x, x])
    cubic = edit.op("Mul", [square, edit.constant(0.044715 * slope, dtype=x.dtype, name="gelu_cubic")])
    total = edit.op("Add", [cubic, edit.constant(slope, dtype=x.dtype, name="gelu_slope")])
    return edit.op("Mul", [x, edit.op("Sigmoid", [edit.op("Mul", [x, total])])])
