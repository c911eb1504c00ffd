from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from edgeplan.surgery.constants import contents, deferred, evaluate
from edgeplan.surgery.rewrite import Edit


def weight(array: object, dtype: ir.DataType = ir.DataType.FLOAT) -> ir.Value:
    made = np.asarray(array).astype(dtype.numpy())
    value = ir.Value(name="w", const_value=ir.Tensor(made), shape=ir.Shape(made.shape))
    value.dtype = dtype
    return value


def test_floats_are_computed_in_float64_and_rounded_once() -> None:
    edit = Edit()
    tenth, third = weight(0.1), weight(1 / 3)
    new = edit.folded(lambda a, b: (a + b) - b, tenth, third, shape=[])
    (folded,) = edit._folded
    exact = evaluate(folded, {v: contents(v.const_value) for v in (tenth, third)})
    assert exact.dtype == np.float64
    made = deferred(folded).numpy()
    assert made.dtype == np.float32
    assert made == np.float32(exact) == np.float32(0.1)
    assert new.dtype is ir.DataType.FLOAT


@pytest.mark.parametrize("dtype", [ir.DataType.FLOAT16, ir.DataType.BFLOAT16, ir.DataType.FLOAT8E4M3FN])
def test_narrow_floats_are_widened(dtype: ir.DataType) -> None:
    assert contents(weight([1.0, -2.0], dtype).const_value).tolist() == [1.0, -2.0]
    assert contents(weight([1.0], dtype).const_value).dtype == np.float64


def test_integers_stay_integers() -> None:
    large = 2**62 + 1
    assert contents(weight([large], ir.DataType.INT64).const_value).tolist() == [large]


def test_nothing_is_computed_until_it_is_read() -> None:
    edit, calls = Edit(), []
    edit.folded(lambda a: calls.append(1) or a, weight([1.0, 2.0]), shape=[2])
    tensor = deferred(edit._folded[0])
    assert tensor.shape.numpy() == (2,)
    assert tensor.nbytes == 8
    assert not calls
    assert tensor.numpy().tolist() == [1.0, 2.0]
    assert tensor.numpy().tolist() == [1.0, 2.0]
    assert len(calls) == 1


def test_another_shape_than_was_said_is_an_error() -> None:
    edit = Edit()
    source = weight([1.0, 2.0])
    edit.folded(lambda a: a[:1], source, shape=[2])
    with pytest.raises(ValueError, match=r"has shape \[1\], not \[2\]"):
        evaluate(edit._folded[0], {source: contents(source.const_value)})


def test_a_new_constant_of_a_new_constant() -> None:
    edit = Edit()
    source = weight([1.0, 2.0])
    first = edit.folded(lambda a: a + 1, source, shape=[2])
    edit.folded(lambda a: a * 2, first, shape=[2])
    first.const_value = deferred(edit._folded[0])
    assert deferred(edit._folded[1]).numpy().tolist() == [4.0, 6.0]
