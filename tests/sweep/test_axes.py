from __future__ import annotations

import pytest

from edgeplan.graph import DType, Graph, Shape, Value
from edgeplan.sweep.axes import Bindings, bindings


def graph(dialect: str = "onnx", **inputs: Shape) -> Graph:
    values = {name: Value(name, DType.FLOAT32, shape) for name, shape in inputs.items()}
    return Graph("g", dialect, (), values, tuple(inputs), ())


def test_a_free_dimension_is_bound_by_its_name() -> None:
    assert bindings(graph(x=("N", 3)), ["N"], "N", 8) == Bindings({"N": 8})


def test_an_image_keeps_its_proportions() -> None:
    wide = graph(x=(1, 3, 480, 640))
    assert bindings(wide, [], "H", 240) == Bindings(inputs={"x": (1, 3, 240, 320)})
    assert bindings(wide, [], "W", 320) == Bindings(inputs={"x": (1, 3, 240, 320)})


@pytest.mark.parametrize(
    ("dialect", "shape", "resized"),
    [
        ("onnx", (1, 320, 320, 4), (1, 64, 64, 4)),
        ("tflite", (1, 8, 8, 64), (1, 64, 64, 64)),
        ("onnx", (1, 64, 8, 8), (1, 64, 64, 64)),
        ("onnx", (1, 3, 4, 4), (1, 3, 64, 64)),
    ],
)
def test_where_the_sides_lie_is_seen_from_the_channels(
    dialect: str, shape: tuple[int, ...], resized: tuple[int, ...]
) -> None:
    assert bindings(graph(dialect, x=shape), [], "H", 64) == Bindings(inputs={"x": resized})


def test_free_sides_become_square_and_a_fixed_one_stays() -> None:
    assert bindings(graph(x=(1, 3, "h", "w")), ["h", "w"], "H", 64) == Bindings({"h": 64, "w": 64})
    assert bindings(graph(x=(1, 3, 48, "w")), ["w"], "H", 64) == Bindings({"w": 64})


def test_images_of_one_size_change_together_and_smaller_ones_stay() -> None:
    pair = graph(left=(1, 3, 64, 64), mask=(1, 1, 16, 16), right=(1, 3, 64, 64))
    found = bindings(pair, [], "H", 128)
    assert found == Bindings(inputs={"left": (1, 3, 128, 128), "right": (1, 3, 128, 128)})


def test_a_batch_is_the_first_axis_of_every_input_that_shares_it() -> None:
    found = bindings(graph(ids=(1, 128), mask=(1, 128), table=(50, 2), rate=()), [], "N", 4)
    assert found == Bindings(inputs={"ids": (4, 128), "mask": (4, 128)})


def test_any_axis_can_be_named_by_its_number() -> None:
    assert bindings(graph(**{"in.0": (1, 80, 100)}), [], "in.0.2", 400) == Bindings(inputs={"in.0": (1, 80, 400)})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("H", "'H' is no size of this model; it has t, y.AXIS"),
        ("x.1", "input 'x' has free dimensions: bind them, or sweep one by its name"),
        ("y.2", "input 'y' has 2 axes"),
        ("N", "the inputs have free dimensions: bind them, or sweep one by its name"),
    ],
)
def test_a_name_that_means_nothing_here_is_refused_with_a_reason(name: str, words: str) -> None:
    assert bindings(graph(x=(1, "t"), y=(1, 5)), ["t"], name, 7) == words
