from __future__ import annotations

import struct

import pytest

from edgeplan.frontends.tflite import load_tflite

from .writer import Plain, model, tensor


def ints(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def late(data: bytes, **bindings: object) -> object:
    return load_tflite(data, **bindings).graph.ops[0].attrs.get("dynamic")  # type: ignore[arg-type]


def free(shape: tuple[int, ...], name: str, open_: bool) -> Plain:
    return tensor(shape, name=name, shape_signature=[-1, *shape[1:]] if open_ else [])


# What LiteRT 2.3's GPU said of each: 'a graph that has dynamic-sized tensors' where the last is true.
@pytest.mark.parametrize(
    ("computed", "data_open", "result_open", "expected"),
    [
        (False, False, False, False),
        (False, False, True, False),
        (False, True, False, False),
        (False, True, True, True),
        (True, False, False, False),
        (True, False, True, True),
    ],
)
def test_a_slice_is_sized_late_where_its_result_is_open_and_its_data_or_bounds_are(
    computed: bool, data_open: bool, result_open: bool, expected: bool
) -> None:
    tensors = [
        free((2, 8), "x", data_open),
        tensor((2,), "INT32", "begin", buffer=0 if computed else 1),
        tensor((2,), "INT32", "size", buffer=2),
        free((2, 4), "y", result_open),
    ]
    inputs = (0, 1) if computed else (0,)
    data = model(tensors, [("SLICE", (0, 1, 2), (3,))], inputs=inputs, buffers=[ints(0, 0), ints(2, 4)])
    assert late(data) is expected


@pytest.mark.parametrize(("open_", "k", "expected"), [(False, 1, False), (True, 1, True), (False, 0, True)])
def test_the_largest_of_open_data_or_of_an_unknown_number_are_sized_late(open_: bool, k: int, expected: bool) -> None:
    tensors = [free((2, 8), "x", open_), tensor((), "INT32", "k", buffer=k), tensor((2, 3)), tensor((2, 3), "INT32")]
    inputs = (0,) if k else (0, 1)
    data = model(tensors, [("TOPK_V2", (0, 1), (2, 3))], inputs=inputs, outputs=[2, 3], buffers=[ints(3)])
    assert late(data) is expected


def test_binding_an_axis_does_not_change_what_the_file_says() -> None:
    tensors = [
        free((1, 8), "x", True),
        tensor((2,), "INT32", "begin", buffer=1),
        tensor((2,), "INT32", "size", buffer=2),
        free((1, 4), "y", True),
    ]
    data = model(tensors, [("SLICE", (0, 1, 2), (3,))], buffers=[ints(0, 0), ints(-1, 4)])
    assert late(data, dims={"batch": 1}) is True


def test_other_ops_do_not_look_at_open_axes() -> None:
    assert late(model([free((1, 8), "x", True), free((1, 8), "y", True)], [("RELU", (0,), (1,))])) is None
