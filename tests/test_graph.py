from __future__ import annotations

import pytest

from edgeplan.graph import DType, Shape, Value


@pytest.mark.parametrize(
    ("shape", "sizes", "elements"),
    [
        ((2, 3), (2, 3), 6),
        ((), (), 1),
        ((0, 3), (0, 3), 0),
        ((2, "n"), None, None),
        ((0, None), None, 0),
        (None, None, None),
    ],
)
def test_sizes_are_known_together_or_not_at_all(
    shape: Shape, sizes: tuple[int, ...] | None, elements: int | None
) -> None:
    value = Value("x", DType.FLOAT32, shape)
    assert value.sizes == sizes
    assert value.elements == elements
    assert value.bytes == (None if elements is None else 4 * elements)


@pytest.mark.parametrize(("dtype", "size"), [(DType.INT4, 3), (DType.INT2, 2), (DType.INT8, 5), (DType.BOOL, 5)])
def test_sub_byte_elements_are_packed(dtype: DType, size: int) -> None:
    assert Value("x", dtype, (5,)).bytes == size
