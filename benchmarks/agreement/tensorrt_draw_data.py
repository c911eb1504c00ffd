"""How the inputs and attributes of moves of data are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper

from benchmarks.agreement.tensorrt_draw import Draw, some

__all__ = [
    "concat",
    "expand",
    "eye",
    "fill",
    "flatten",
    "gather",
    "gather_elements",
    "gather_nd",
    "one_hot",
    "pad",
    "reshape",
    "reverse_sequence",
    "scatter_elements",
    "scatter_nd",
    "slice_",
    "split",
    "squeeze",
    "tile",
    "transpose",
    "trilu",
    "unsqueeze",
]


def reshape(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of reshape."""
    d.tensor([2, 4, 6])
    d.ints(d.one([8, 6], [-1], [0, -1], [2, 2, 2, 6], [0, 0, 3, 2], [1, -1, 6], [48]), 0.9)
    return some(d, allowzero=(0, 0, 1))


def transpose(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of transpose."""
    rank = d.one(1, 2, 3, 4, 5)
    d.tensor(d.shape(rank))
    return {"perm": d.dice.sample(range(rank), rank)} if d.chance(0.8) else {}


def squeeze(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of squeeze."""
    d.tensor([1, 3, 1, 4])
    if d.chance(0.8):
        d.ints(d.one([0], [2], [0, 2], [-2]), 0.9)
    return {}


def unsqueeze(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of unsqueeze."""
    d.tensor(d.shape(d.one(1, 2, 3)))
    d.ints(d.one([0], [-1], [0, 1], [1]), 0.9)
    return {}


def expand(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of expand."""
    d.tensor([3, 1])
    d.ints(d.one([3, 4], [2, 3, 4], [1, 1], [3, 1]), 0.85)
    return {}


def tile(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of tile."""
    d.tensor([2, 3])
    d.ints(d.one([1, 2], [2, 2], [1, 1]), 0.85)
    return {}


def slice_(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of slice."""
    d.tensor([4, 6, 8])
    n = d.one(1, 1, 2)
    axes = d.dice.sample((0, 1, 2, -1), n) if n == 1 else [0, 2]
    d.ints([d.one(0, 1, -3) for _ in axes], 0.9)
    d.ints([d.one(2, 4, 2**40, -1) for _ in axes], 0.9)
    d.ints(axes, 0.95)
    if d.chance(0.6):
        d.ints([d.one(1, 2, -1) for _ in axes], 0.95)
    return {}


def split(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of split."""
    d.tensor([4, 6])
    axis = d.one(0, 1, -1)
    sizes = {0: [1, 3], 1: [2, 4], -1: [3, 3]}[axis]
    if d.chance(0.8):
        d.ints(sizes, 0.9)
    elif d.chance(0.8):
        return {"axis": axis, "num_outputs": 2, "_outputs": 2}
    return {"axis": axis, "_outputs": 2}


def pad(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of pad."""
    rank = d.one(1, 2, 4, 4)
    d.tensor([max(4, s) for s in d.shape(rank)])
    part = d.chance(0.2)
    size = 2 if part else 2 * rank
    d.ints([d.one(0, 0, 1, 2, -1) if d.chance(0.8) else 0 for _ in range(size)], 0.9)
    if d.chance(0.5) or part:
        d.tensor([], const=0.8)
    if part:
        d.ints([rank - 1], 0.9)
    return some(d, mode=("constant", "constant", "reflect", "edge", "wrap"))


def concat(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of concat."""
    shape, axis = d.shape(d.one(1, 2, 3, 4)), 0
    axis = d.dice.randrange(-len(shape), len(shape))
    for _ in range(d.one(2, 3)):
        d.tensor(shape, const=0.2)
    return {"axis": axis}


def gather(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of gather."""
    d.tensor([4, 6, 3], const=0.2)
    index = d.one([], [2], [2, 2])
    d.tensor(index, d.one("INT64", "INT64", "INT32"), 0.4, np.full(index, d.one(0, 1, -1)))
    return some(d, axis=(0, 1, 2, -1))


def gather_elements(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of gather elements."""
    d.tensor([3, 4])
    d.tensor([2, 4], d.one("INT64", "INT32"), 0.4, np.ones((2, 4)))
    return some(d, axis=(0, 1, -2))


def gather_nd(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of gather nd."""
    d.tensor([2, 3, 4])
    d.tensor([2, 2], "INT64", 0.4, np.ones((2, 2)))
    return some(d, batch_dims=(0, 0, 1))


def scatter_elements(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of scatter elements."""
    d.tensor([3, 4])
    d.tensor([2, 4], d.one("INT64", "INT32"), 0.4, np.ones((2, 4)))
    d.tensor([2, 4], const=0.3)
    return some(d, axis=(0, -2), reduction=("none", "none", "add", "max"))


def scatter_nd(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of scatter nd."""
    d.tensor([3, 4])
    d.tensor([2, 1], "INT64", 0.4, np.array([[0], [2]]))
    d.tensor([2, 4], const=0.3)
    return some(d, reduction=("none", "none", "none", "add", "mul"))


def trilu(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of trilu."""
    d.tensor(d.one([4, 4], [2, 3, 5], [1, 2, 4, 4]))
    if d.chance(0.5):
        d.tensor([], "INT64", 0.8, np.array(d.one(0, 1, -1)))
    return some(d, upper=(0, 1))


def one_hot(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of one hot."""
    d.tensor([3], d.one("INT64", "INT32", "FLOAT"), 0, np.ones(3))
    d.tensor([], "INT64", 0.85, np.array(5))
    d.tensor([2], const=0.8)
    return some(d, axis=(0, -1, 1))


def reverse_sequence(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of reverse sequence."""
    d.tensor([4, 4, 2])
    d.ints([1, 2, 3, 4], 0.5)
    attrs: dict[str, Any] = d.one({"batch_axis": 1, "time_axis": 0}, {"batch_axis": 0, "time_axis": 1}, {})
    return attrs


def fill(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of fill."""
    d.ints(d.one([2, 3], [4], [1, 2, 2]), 0.5)
    kind = d.one("FLOAT", "FLOAT", "INT64", "INT32", "BOOL", "FLOAT16", "UINT8")
    return {"value": helper.make_tensor("v", TensorProto.DataType.Value(kind), [1], [1])} if d.chance(0.7) else {}


def eye(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of eye."""
    d.tensor(d.one([3, 3], [2, 4]))
    return some(d, k=(0, 1, -1), dtype=(1, 10, 6, 7))


def flatten(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of flatten."""
    rank = d.one(1, 2, 3, 4)
    d.tensor(d.shape(rank))
    return {"axis": d.dice.randrange(-rank, rank + 1)}
