from __future__ import annotations

import struct

import pytest

from edgeplan.frontends.errors import BindingError
from edgeplan.frontends.tflite import load_tflite
from edgeplan.graph import Shape

from .writer import Plain, model, tensor


def ints(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def shapes(data: bytes, **bindings: object) -> dict[str, Shape]:
    read = load_tflite(data, **bindings).graph  # type: ignore[arg-type]
    return {name: read.values[name].shape for op in read.ops for name in op.outputs}


OPEN = tensor((1, 8, 8, 4), name="x", shape_signature=[-1, 8, 8, 4])


def made(shape: tuple[int, ...], name: str = "y", type: str = "FLOAT32") -> Plain:
    return tensor(shape, type, name, shape_signature=[-1, *shape[1:]] if shape else [])


def test_an_open_batch_is_open_all_the_way_down() -> None:
    tensors = [OPEN, made((1, 8, 8, 4), "a"), made((1, 4), "y"), tensor((2,), "INT32", "axes", buffer=1)]
    ops = [("RELU", (0,), (1,)), ("MEAN", (1, 3), (2,), {"keep_dims": False})]
    data = model(tensors, ops, outputs=[2], buffers=[ints(1, 2)])
    assert shapes(data) == {"a": ("batch", 8, 8, 4), "y": ("batch", 4)}
    assert shapes(data, dims={"batch": 1}) == {"a": (1, 8, 8, 4), "y": (1, 4)}
    assert shapes(data, dims={"batch": 3}) == {"a": (3, 8, 8, 4), "y": (3, 4)}


def test_a_shape_that_is_computed_is_followed() -> None:
    tensors = [
        OPEN,
        tensor((4,), "INT32", "shape"),
        tensor((1,), "INT32", "zero", buffer=1),
        tensor((1,), "INT32", "one", buffer=2),
        tensor((), "INT32", "n", has_rank=True),
        tensor((), "INT32", "rest", buffer=3, has_rank=True),
        tensor((2,), "INT32", "wanted"),
        tensor((1, 256), name="y", shape_signature=[-1, 256]),
    ]
    ops = [
        ("SHAPE", (0,), (1,), {"out_type": "INT32"}),
        ("STRIDED_SLICE", (1, 2, 3, 3), (4,), {"shrink_axis_mask": 1}),
        ("PACK", (4, 5), (6,), {"values_count": 2}),
        ("RESHAPE", (0, 6), (7,)),
    ]
    data = model(tensors, ops, buffers=[ints(0), ints(1), ints(256)])
    assert shapes(data)["y"] == ("batch", 256)
    assert shapes(data, dims={"batch": 5})["y"] == (5, 256)
    read = load_tflite(data, dims={"batch": 5}).graph
    assert (read.values["wanted"].data, read.values["wanted"].const) == ((5, 256), False)


@pytest.mark.parametrize(
    ("type", "reads", "options"),
    [("SPLIT", (2, 1), {"num_splits": 4}), ("SPLIT_V", (1, 3, 2), {"num_splits": 4}), ("UNPACK", (1,), {"num": 4})],
)
def test_the_parts_of_a_computed_shape_are_known(type: str, reads: tuple[int, ...], options: Plain) -> None:
    tensors = [
        OPEN,
        tensor((4,), "INT32", "shape"),
        tensor((), "INT32", "axis", buffer=1, has_rank=True),
        tensor((4,), "INT32", "sizes", buffer=2),
        *(tensor((1,), "INT32", f"part {i}") for i in range(4)),
        tensor((2,), "INT32", "wanted"),
        tensor((1, 256), name="y", shape_signature=[-1, -1]),
        tensor((1,), "INT32", "rest", buffer=3),
    ]
    join = ("CONCATENATION", (4, 10), (8,), {"axis": 0})
    ops = [
        ("SHAPE", (0,), (1,), {"out_type": "INT32"}),
        (type, reads, (4, 5, 6, 7), options),
        join,
        ("RESHAPE", (0, 8), (9,)),
    ]
    data = model(tensors, ops, outputs=[9], buffers=[ints(0), ints(1, 1, -1, 1), ints(256)])
    assert shapes(data)["y"] == ("batch", 256)
    assert shapes(data, dims={"batch": 3})["y"] == (3, 256)


def test_a_size_that_a_condition_chooses_is_known() -> None:
    """As converters write a Reshape's 0, which keeps the size there was."""
    tensors = [
        OPEN,
        tensor((4,), "INT32", "shape"),
        tensor((4,), "INT32", "asked", buffer=1),
        tensor((1,), "INT32", "zero", buffer=2),
        tensor((4,), "BOOL", "kept"),
        tensor((4,), "INT32", "wanted"),
        tensor((1, 8, 32, 1), name="y", shape_signature=[-1, -1, -1, -1]),
    ]
    ops = [
        ("SHAPE", (0,), (1,), {"out_type": "INT32"}),
        ("EQUAL", (2, 3), (4,)),
        ("SELECT", (4, 1, 2), (5,)),
        ("RESHAPE", (0, 5), (6,)),
    ]
    data = model(tensors, ops, outputs=[6], buffers=[ints(0, 0, -1, 1), ints(0)])
    assert shapes(data)["y"] == ("batch", 8, 32, 1)


def test_a_size_given_against_the_file_is_computed_anew() -> None:
    tensors = [
        tensor((1, 8, 8, 4), name="x"),
        tensor((2, 3, 3, 4), name="w", buffer=1),
        tensor((1, 6, 6, 2), name="y"),
        tensor((1, 6, 6, 2), name="z"),
    ]
    conv = ("CONV_2D", (0, 1), (2,), {"padding": "VALID", "stride_w": 1, "stride_h": 1})
    data = model(tensors, [conv, ("HASHTABLE_FIND", (2, 2, 2), (3,))], buffers=[bytes(72 * 4)])
    found = shapes(data, shapes={"x": (1, 16, 8, 4)})
    assert found["y"] == (1, 14, 6, 2)
    assert found["z"] == (None,) * 4


CASES = [
    ("PAD", [(1, 4)], [ints(0, 0, 1, 2)], [(2, 2)], {}, ("batch", 7)),
    ("TRANSPOSE", [(1, 4)], [ints(1, 0)], [(2,)], {}, (4, "batch")),
    ("CONCATENATION", [(1, 4), (1, 4)], [], [], {"axis": 1}, ("batch", 8)),
    ("EXPAND_DIMS", [(1, 4)], [ints(1)], [(1,)], {}, ("batch", 1, 4)),
    ("SQUEEZE", [(1, 1, 4)], [], [], {"squeeze_dims": [1]}, ("batch", 4)),
    ("TILE", [(1, 4)], [ints(1, 3)], [(2,)], {}, ("batch", 12)),
    ("SLICE", [(1, 4)], [ints(0, 1), ints(-1, 2)], [(2,), (2,)], {}, ("batch", 2)),
    ("GATHER", [(1, 4)], [ints(0, 1, 2)], [(3,)], {"axis": 1}, ("batch", 3)),
    ("ARG_MAX", [(1, 4)], [ints(1)], [()], {}, ("batch",)),
    ("RESIZE_BILINEAR", [(1, 4, 4, 2)], [ints(8, 6)], [(2,)], {}, ("batch", 8, 6, 2)),
    ("DEPTH_TO_SPACE", [(1, 4, 4, 8)], [], [], {"block_size": 2}, ("batch", 8, 8, 2)),
    ("SPACE_TO_DEPTH", [(1, 4, 4, 2)], [], [], {"block_size": 2}, ("batch", 2, 2, 8)),
    ("MAX_POOL_2D", [(1, 9, 9, 2)], [], [], {"stride_w": 2, "stride_h": 2, "filter_width": 3, "filter_height": 3},
     ("batch", 5, 5, 2)),
    ("FULLY_CONNECTED", [(1, 4)], [bytes(32)], [(2, 4)], {}, ("batch", 2)),
    ("RESHAPE", [(1, 2, 3)], [ints(-1, 6)], [(2,)], {}, ("batch", 6)),
    ("RESHAPE", [(1, 2, 3)], [], [], {"new_shape": [-1, 6]}, ("batch", 6)),
    ("WHERE", [(1, 4)], [], [], {}, (None, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("op", "inputs", "constants", "forms", "options", "shape"), CASES)
def test_the_batch_passes_through(
    op: str,
    inputs: list[tuple[int, ...]],
    constants: list[bytes],
    forms: list[tuple[int, ...]],
    options: dict[str, object],
    shape: Shape,
) -> None:
    assert shape is not None
    given = [made(s, f"x{i}") for i, s in enumerate(inputs)]
    kind = "FLOAT32" if op == "FULLY_CONNECTED" else "INT32"
    fixed = [tensor(s, kind, f"c{i}", buffer=i + 1) for i, s in enumerate(forms)]
    out = tensor([1] * len(shape), name="y", shape_signature=[-1] * len(shape))
    reads = range(len(given) + len(fixed))
    data = model([*given, *fixed, out], [(op, reads, (len(reads),), options)], range(len(given)), buffers=constants)
    assert shapes(data)["y"] == shape


def test_a_scalar_that_is_fixed_decides_sizes() -> None:
    tensors = [
        tensor((), "INT32", "n"),
        tensor((), "INT32", "zero", buffer=1),
        tensor((), "INT32", "one", buffer=2),
        tensor((1,), "INT32", "y", shape_signature=[-1]),
    ]
    data = model(tensors, [("RANGE", (1, 0, 2), (3,))], buffers=[ints(0), ints(1)])
    assert shapes(data)["y"] == (None,)
    assert shapes(data, values={"n": 7})["y"] == (7,)
    assert load_tflite(data, values={"n": 7}).graph.inputs == ()
    for wrong in (1.5, float("nan"), float("inf")):
        with pytest.raises(BindingError):
            load_tflite(data, values={"n": wrong})


def test_a_loop_keeps_open_what_it_may_change() -> None:
    grown = {
        "tensors": [
            tensor((1, 4), name="x", shape_signature=[-1, 4]),
            tensor((1, 4), name="y", shape_signature=[-1, 4]),
        ],
        "ops": [("CONCATENATION", (0, 0), (1,), {"axis": 0})],
        "inputs": (0,),
        "outputs": (1,),
    }
    ask = {**grown, "tensors": [grown["tensors"][0], tensor((), "BOOL", "go")], "ops": [("REDUCE_ANY", (0, 0), (1,))]}
    options = {"cond_subgraph_index": 1, "body_subgraph_index": 2}
    tensors = [tensor((1, 4), name="x"), tensor((1, 4), name="y", shape_signature=[-1, 4])]
    assert shapes(model(tensors, [("WHILE", (0,), (1,), options)], others=[ask, grown]))["y"] == (None, 4)
