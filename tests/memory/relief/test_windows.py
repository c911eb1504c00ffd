from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.frontends.onnx import parse_text
from edgeplan.lower import lower_to
from edgeplan.memory.relief.windows import Window, windows

CONV = """g (float[1,3,{h},{w}] x) => (y) <int64[4] s = {{8, 3, {k}, 5}}> {{
    f = ConstantOfShape (s)
    y = Conv <{attrs}> (x, f)
}}"""


@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0, 4), st.integers(8, 20), st.data())
def test_a_window_reaches_all_it_looks_at_and_no_more(
    kernel: int, stride: int, dilation: int, before: int, size: int, data: st.DataObject
) -> None:
    window = Window(kernel, stride, dilation, before, size)
    outputs = max(1, (size + before - (kernel - 1) * dilation - 1) // stride + 1)
    low = data.draw(st.integers(0, outputs - 1))
    high = data.draw(st.integers(low + 1, outputs))
    read = {o * stride - before + t * dilation for o in range(low, high) for t in range(kernel)} & set(range(size))
    first, last = window.reaches(low, high)
    assert all(first <= i < last for i in read)
    if read and stride == dilation == 1:
        assert (first, last) == (min(read), max(read) + 1)


@pytest.mark.parametrize("dialect", ["onnx", "mil", "tflite"])
@pytest.mark.parametrize(
    ("attrs", "kernel", "stride", "dilation"),
    [
        ("pads = [1, 2, 1, 2]", (3, 5), (1, 1), (1, 1)),
        ("strides = [2, 1]", (3, 5), (2, 1), (1, 1)),
        ("dilations = [3, 2]", (3, 5), (1, 1), (3, 2)),
    ],
)
def test_a_convolution_has_one_window_in_every_dialect(
    dialect: str, attrs: str, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> None:
    graph = parse_text(CONV.format(h=32, w=48, k=3, attrs=attrs))
    lowered = graph if dialect == "onnx" else lower_to(graph, dialect)
    op = next(o for o in lowered.ops if "conv" in o.type.lower())
    found = windows(lowered, op)
    assert found is not None
    assert tuple(w.kernel for w in found) == kernel
    assert tuple(w.stride for w in found) == stride
    assert tuple(w.dilation for w in found) == dilation


@pytest.mark.parametrize("dialect", ["onnx", "mil", "tflite"])
@pytest.mark.parametrize(
    ("op", "kernel"),
    [
        ("MaxPool <kernel_shape = [3, 2], strides = [2, 2]> (x)", (3, 2)),
        ("AveragePool <kernel_shape = [4, 4]> (x)", (4, 4)),
        ("Sigmoid (x)", (1, 1)),
        ("Concat <axis = 1> (x, x)", (1, 1)),
    ],
)
def test_pools_and_ops_on_single_elements_are_local(dialect: str, op: str, kernel: tuple[int, int]) -> None:
    graph = parse_text(f"g (float[1,4,16,16] i) => (y) {{ x = MaxPool <kernel_shape = [2, 2]> (i) y = {op} }}")
    lowered = graph if dialect == "onnx" else lower_to(graph, dialect)
    found = [windows(lowered, o) for o in lowered.ops if o.type.lower() != "transpose"]
    assert tuple(w.kernel for w in found[-1] or ()) == kernel


@pytest.mark.parametrize("dialect", ["onnx", "mil", "tflite"])
@pytest.mark.parametrize(
    "op", ["GlobalAveragePool (x)", "Softmax <axis = 3> (x)", "Concat <axis = 2> (x, x)", "ReduceMax (x)"]
)
def test_ops_that_look_further_are_not(dialect: str, op: str) -> None:
    graph = parse_text(f"g (float[1,4,16,16] i) => (y) {{ x = MaxPool <kernel_shape = [2, 2]> (i) y = {op} }}")
    lowered = graph if dialect == "onnx" else lower_to(graph, dialect)
    assert any(windows(lowered, o) is None for o in lowered.ops if o.type.lower() != "transpose")


def test_the_first_tap_lies_in_the_padding() -> None:
    graph = parse_text(CONV.format(h=32, w=32, k=3, attrs="pads = [1, 2, 1, 2]"))
    height, width = windows(graph, graph.ops[-1]) or pytest.fail("local")
    assert (height.before, width.before) == (1, 2)
    assert height.reaches(0, 1) == (0, 2)
    assert height.reaches(10, 12) == (9, 13)
    assert width.reaches(31, 32) == (29, 32)
