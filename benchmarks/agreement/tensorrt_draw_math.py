"""How the inputs and attributes of arithmetic, reductions, products and casts are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from benchmarks.agreement.tensorrt_draw import ANY, Draw, Maker, some

__all__ = [
    "argument",
    "attributes",
    "axis",
    "binary",
    "cast",
    "cast_like",
    "clip",
    "cumsum",
    "dropout",
    "einsum",
    "gemm",
    "matmul",
    "random_like",
    "random_shape",
    "range_",
    "reduce_",
    "several",
    "topk",
    "unary",
    "where",
]


def unary(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of unary."""
    d.tensor(d.shape(d.one(0, 1, 2, 3, 4, 4, 4, 5, 6)))
    return {}


def attributes(**attrs: Any) -> Maker:
    """One input, and each of the attributes with a probability of one half."""

    def make(d: Draw) -> dict[str, Any]:
        d.tensor(d.shape(d.one(1, 2, 3, 4, 4, 5)))
        return some(d, **attrs)

    return make


def binary(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of binary."""
    full = d.shape(d.one(1, 2, 3, 4, 4, 5))
    d.tensor(full)
    d.tensor([s if d.chance(0.6) else 1 for s in full[d.dice.randrange(len(full) + 1) :]], const=0.4)
    return {}


def several(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of several."""
    full = d.shape(d.one(1, 2, 3, 4))
    for _ in range(d.one(2, 2, 3)):
        d.tensor([s if d.chance(0.8) else 1 for s in full], const=0.2)
    return {}


def where(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of where."""
    full = d.shape(d.one(1, 2, 4))
    d.tensor(full, "BOOL")
    d.tensor(full, const=0.2)
    d.tensor([1] * len(full) if d.chance(0.3) else full, const=0.4)
    return {}


def reduce_(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of reduce."""
    rank = d.one(1, 2, 3, 4, 5)
    d.tensor(d.shape(rank))
    if d.chance(0.7):
        d.ints(sorted(d.dice.sample(range(-rank, 0), d.dice.randint(1, rank))), 0.9)
    return some(d, keepdims=(0, 1), noop_with_empty_axes=(0, 1))


def argument(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of argument."""
    rank = d.one(1, 2, 3, 4)
    d.tensor(d.shape(rank))
    return {"axis": d.dice.randrange(-rank, rank), **some(d, keepdims=(0, 1), select_last_index=(0, 0, 1))}


def axis(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of axis."""
    rank = d.one(1, 2, 3, 4, 5)
    d.tensor(d.shape(rank))
    return {"axis": d.dice.randrange(-rank, rank)} if d.chance(0.7) else {}


def gemm(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of gemm."""
    attrs = some(d, transA=(0, 1), transB=(0, 1), alpha=(0.5, 2.0), beta=(0.5, 1.0))
    d.tensor([4, 8] if not attrs.get("transA") else [8, 4])
    d.tensor([8, 3] if not attrs.get("transB") else [3, 8], const=0.6)
    if d.chance(0.6):
        d.tensor(d.one([3], [4, 3], [1, 3], [4, 1], []), const=0.7)
    return attrs


def matmul(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of matmul."""
    a, b = d.one(
        ([8], [8]),
        ([4, 8], [8]),
        ([8], [8, 3]),
        ([2, 4, 8], [8, 3]),
        ([4, 8], [8, 3]),
        ([2, 4, 8], [2, 8, 3]),
        ([2, 3, 4, 8], [2, 3, 8, 2]),
        ([2, 1, 4, 8], [3, 8, 2]),
        ([8], [2, 8, 3]),
        ([2, 4, 8], [8]),
    )
    d.tensor(a)
    d.tensor(b, const=0.5)
    return {}


def einsum(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of einsum."""
    equation, shapes = d.one(
        ("ij,jk->ik", ([2, 3], [3, 4])),
        ("bij,bjk->bik", ([2, 2, 3], [2, 3, 4])),
        ("ij->ji", ([2, 3],)),
        ("ii->i", ([3, 3],)),
        ("ij->i", ([2, 3],)),
        ("...ij,...jk->...ik", ([2, 2, 3], [2, 3, 4])),
        ("bhqd,bhkd->bhqk", ([1, 2, 3, 4], [1, 2, 5, 4])),
        ("i,i->", ([3], [3])),
        ("i,j->ij", ([3], [4])),
        ("ij,jk", ([2, 3], [3, 4])),
        ("bi,ij,bj->b", ([2, 3], [3, 4], [2, 4])),
        ("Ab,bC->AC", ([2, 3], [3, 4])),
        ("ij,ij->ij", ([2, 3], [2, 3])),
        ("b n d , d e -> b n e", ([1, 2, 3], [3, 4])),
        ("i...->...", ([2, 3, 4],)),
        ("ijk->", ([2, 3, 4],)),
    )
    for at, shape in enumerate(shapes):
        d.tensor(shape, const=0.3 if at else 0)
    return {"equation": equation}


def cumsum(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of cumsum."""
    d.tensor(d.one([4], [3, 4], [2, 3, 4]))
    d.tensor([], d.one("INT64", "INT32"), 0.9, np.array(d.one(0, -1)))
    return some(d, exclusive=(0, 1), reverse=(0, 1))


def topk(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of topk."""
    d.tensor(d.one([20], [3, 20], [2, 3, 20]))
    d.ints([d.one(1, 5, 20)], 0.85)
    return some(d, axis=(-1,), largest=(0, 1), sorted=(0, 1))


def range_(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of range."""
    for value in (0, 8, 2):
        d.tensor([], const=0.6, values=np.array(value))
    return {}


def clip(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of clip."""
    d.tensor(d.shape(d.one(1, 2, 4)))
    bounds = d.one("both", "both", "both", "low", "high", "none")
    if bounds in ("both", "low"):
        d.tensor([], const=0.85, values=np.array(0))
    elif bounds == "high":
        d.gap()
    if bounds in ("both", "high"):
        d.tensor([], const=0.85, values=np.array(2))
    return {}


def cast(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of cast."""
    d.tensor(d.shape(d.one(0, 1, 2, 4)))
    return {"to": TensorProto.DataType.Value(d.one(*ANY))}


def cast_like(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of cast like."""
    d.tensor(d.shape(2))
    d.tensor([1], d.one(*ANY), 0.5)
    return {}


def random_like(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of random like."""
    d.tensor(d.shape(2))
    return some(d, dtype=(1, 10))


def random_shape(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of random shape."""
    return {"shape": [2, 3], **some(d, dtype=(1, 10))}


def dropout(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of dropout."""
    d.tensor(d.shape(2))
    if d.chance(0.6):
        d.tensor([], "FLOAT", 0.8, np.array(0.5))
        if d.chance(0.6):
            d.tensor([], "BOOL", 0.8, np.array(d.one(True, False)))
    return {}
