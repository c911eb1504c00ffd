"""Scaled dot-product attention, one function in PyTorch and seven ops in an exported file."""

from __future__ import annotations

from math import sqrt

from edgeplan.graph import Attr
from edgeplan.lower.fuse.pattern import Fused, Matcher

__all__ = ["fuse_sdpa"]

_TOLERANCE = 2e-3


def fuse_sdpa(m: Matcher, index: int) -> Fused | None:
    """Attention as PyTorch's exporters write `scaled_dot_product_attention`: the root of the scale on either side.

    Before: `t = Transpose(k); a = Mul(q, s); b = Mul(t, s); c = MatMul(a, b); d = Add(c, mask); p = Softmax(d);
            y = MatMul(p, v)`, s the fourth root of 1 / width; or the op Attention of rank 4 with the default scale
    After:  `y = ScaledDotProductAttention<key_perm>(q, k, v, mask)`

    Attention that a model writes out by itself, with one scale, is left as it is: nothing calls the function there.
    `key_perm` is the transpose of k that is left to do; without it k is [.., length, width] already.
    """
    op = m.op(index)
    return _from_op(m, index) if op.type == "Attention" else _from_parts(m, index)


def _from_parts(m: Matcher, index: int) -> Fused | None:
    op = m.op(index)
    if len(op.inputs) != 2:
        return None
    weights, v = op.inputs
    softmax = m.producer(weights, "Softmax")
    rank = len(m.value(v).shape or ())
    if softmax is None or m.sole(weights) != index or not 3 <= rank <= 5:
        return None
    if m.op(softmax).attrs.get("axis", -1) not in (-1, rank - 1):
        return None
    scores, gone, mask = m.op(softmax).inputs[0], [softmax, index], None
    add = m.producer(scores, "Add")
    reader = softmax
    if add is not None:
        if m.sole(scores) != softmax:
            return None
        found = next(((a, b) for a, b in m.operands(add) if m.producer(a, "MatMul") is not None), None)
        if found is None:
            return None
        scores, mask = found
        gone.insert(0, add)
        reader = add
    product = m.producer(scores, "MatMul")
    if product is None or m.sole(scores) != reader or not m.same_shape(scores, weights):
        return None
    return _with_operands(m, product, v, mask, [product, *gone])


def _with_operands(m: Matcher, product: int, v: str, mask: str | None, gone: list[int]) -> Fused | None:
    """Look behind the two scaled operands of q @ k^T."""
    left, right = (_scaled(m, name, product) for name in m.op(product).inputs)
    if left is None or right is None:
        return None
    (q, one, q_mul), (turned, other, k_mul) = left, right
    turn = m.producer(turned, "Transpose")
    queries, values = m.value(q).shape, m.value(v).shape
    width = queries[-1] if queries else None
    if turn is None or m.sole(turned) != k_mul or queries is None or values is None or not isinstance(width, int):
        return None
    keys = m.value(m.op(turn).inputs[0]).shape
    given = m.op(turn).attrs.get("perm")
    perm = [p for p in given if isinstance(p, int)] if isinstance(given, tuple) else []
    if keys is None or len(keys) != len(queries) or sorted(perm) != list(range(len(keys))) or width < 1:
        return None
    back = (*perm[:-2], perm[-1], perm[-2])
    batch = tuple(keys[p] for p in back)[:-2]
    alike = len(values) == len(queries) and batch == queries[:-2] == values[:-2]
    if not alike or abs(one * other * sqrt(width) - 1) > _TOLERANCE:
        return None
    attrs: dict[str, Attr] = {} if back == tuple(range(len(back))) else {"key_perm": back}
    inputs = (q, m.op(turn).inputs[0], v, *(() if mask is None else (mask,)))
    outputs = m.op(gone[-1]).outputs
    order = (q_mul, turn, k_mul, *gone)
    return Fused(
        "ScaledDotProductAttention", inputs, ("Q", "K", "V", "attn_mask")[: len(inputs)], outputs, attrs, order
    )


def _scaled(m: Matcher, name: str, reader: int) -> tuple[str, float, int] | None:
    """The tensor, its constant factor and the Mul of the two."""
    at = m.producer(name, "Mul")
    if at is None or m.sole(name) != reader:
        return None
    for x, factor in m.operands(at):
        scale = m.scalar(factor) if m.value(factor).const else None
        if scale is not None and m.same_shape(x, name):
            return x, scale, at
    return None


def _from_op(m: Matcher, index: int) -> Fused | None:
    """ONNX's Attention where it asks for no more than the function does."""
    op = m.op(index)
    q, k, v = (op.input(p) for p in ("Q", "K", "V"))
    if q is None or k is None or v is None or set(op.ports) - {"Q", "K", "V", "attn_mask"}:
        return None
    shapes = [m.value(n).shape for n in (q, k, v)]
    width = shapes[0][-1] if shapes[0] else None
    same = len({s[:-2] for s in shapes if s is not None}) == 1 and all(s is not None and len(s) == 4 for s in shapes)
    if not same or not isinstance(width, int) or width < 1 or len(op.outputs) != 1:
        return None
    scale, cap, causal = (
        op.attrs.get(n, default) for n, default in (("scale", 0.0), ("softcap", 0.0), ("is_causal", 0))
    )
    if cap or causal or not isinstance(scale, float) or scale and abs(scale * sqrt(width) - 1) > _TOLERANCE:
        return None
    mask = op.input("attn_mask")
    inputs = (q, k, v, *(() if mask is None else (mask,)))
    ports = ("Q", "K", "V", "attn_mask")[: len(inputs)]
    return Fused("ScaledDotProductAttention", inputs, ports, op.outputs, {}, (index,))
