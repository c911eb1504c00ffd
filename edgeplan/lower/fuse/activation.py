"""Activations that are one op in PyTorch and two or three in an exported file: SiLU, hard swish, Mish."""

from __future__ import annotations

from edgeplan.lower.fuse.pattern import Fused, Matcher

__all__ = ["fuse_hard_swish", "fuse_mish", "fuse_swish"]


def fuse_swish(m: Matcher, index: int) -> Fused | None:
    """Before: `s = Sigmoid(x); y = x * s`. After: `y = Swish(x)`."""
    return _gated(m, index, "Sigmoid", "Swish")


def fuse_hard_swish(m: Matcher, index: int) -> Fused | None:
    """Hard swish, written with HardSigmoid or with Clip.

    Before: `s = HardSigmoid<alpha = 1/6>(x); y = x * s`, or `c = Clip(x + 3, 0, 6); y = x * c / 6`
    After:  `y = HardSwish(x)`
    """
    op = m.op(index)
    if op.type == "Mul":
        found = _gated(m, index, "HardSigmoid", "HardSwish")
        if found is not None:
            gate = m.op(found.gone[0]).attrs
            alpha, beta = gate.get("alpha", 0.2), gate.get("beta", 0.5)
            fits = (
                isinstance(alpha, float)
                and abs(alpha - 1 / 6) < 1e-3
                and isinstance(beta, float)
                and abs(beta - 0.5) < 1e-3
            )
            return found if fits else None
    if len(op.inputs) != 2:
        return None
    product, six = op.inputs
    if not m.close(six, 6.0 if op.type == "Div" else 1 / 6):
        return None
    times = m.producer(product, "Mul")
    if times is None or m.sole(product) != index:
        return None
    for x, gate_name in m.operands(times):
        clip = m.producer(gate_name, "Clip")
        if clip is None or m.sole(gate_name) != times or _bounds(m, clip) != (0.0, 6.0):
            continue
        add = m.producer(m.op(clip).inputs[0], "Add")
        if add is None or m.sole(m.op(clip).inputs[0]) != clip:
            continue
        if any(a == x and m.close(b, 3.0) for a, b in m.operands(add)) and m.same_shape(x, op.outputs[0]):
            return Fused("HardSwish", (x,), ("X",), op.outputs, {}, (add, clip, times, index))
    return None


def fuse_mish(m: Matcher, index: int) -> Fused | None:
    """Before: `t = Tanh(Softplus(x)); y = x * t`. After: `y = Mish(x)`."""
    op = m.op(index)
    for x, gate in m.operands(index):
        tanh = m.producer(gate, "Tanh")
        if tanh is None or m.sole(gate) != index:
            continue
        soft = m.producer(m.op(tanh).inputs[0], "Softplus")
        if soft is not None and m.sole(m.op(tanh).inputs[0]) == tanh and m.op(soft).inputs[0] == x:
            return Fused("Mish", (x,), ("X",), op.outputs, {}, (soft, tanh, index))
    return None


def _gated(m: Matcher, index: int, gate_type: str, fused: str) -> Fused | None:
    """x times a gate computed from x."""
    op = m.op(index)
    for x, gate in m.operands(index):
        at = m.producer(gate, gate_type)
        if at is not None and m.sole(gate) == index and m.op(at).inputs[0] == x:
            return Fused(fused, (x,), ("X",), op.outputs, {}, (at, index))
    return None


def _bounds(m: Matcher, index: int) -> tuple[float | None, float | None]:
    op = m.op(index)
    found: list[float | None] = []
    for slot, (attr, port) in enumerate((("min", "min"), ("max", "max"))):
        name = op.input(port) or (op.inputs[slot + 1] if len(op.inputs) > slot + 1 else None)
        value = m.scalar(name) if name is not None else op.attrs.get(attr)
        found.append(float(value) if isinstance(value, (int, float)) else None)
    return found[0], found[1]
