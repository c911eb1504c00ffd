import numpy as np
import pytest
from onnx import ModelProto

from edgeplan.surgery.rewrites.transpose_in_steps import _steps
from edgeplan.surgery.transposing import runs
from tests.surgery.harness import fires, model, refuses, types


def turned(sizes: list[int | str], perm: list[int], kind: str = "float") -> ModelProto:
    given, out = ",".join(map(str, sizes)), ",".join(str(sizes[a]) for a in perm)
    return model(f"g ({kind}[{given}] x) => ({kind}[{out}] y) {{ y = Transpose <perm = {perm}> (x) }}")


@pytest.mark.parametrize(
    ("sizes", "perm"),
    [
        ([4, 5, 3, 2, 6], [2, 0, 3, 1, 4]),
        (["N", 5, 3, 2, 6], [2, 0, 3, 1, 4]),
        ([2, 3, 4, 5, 6], [4, 3, 2, 1, 0]),
        ([2, 3, 2, 5, 4, 3], [0, 4, 2, 1, 5, 3]),
        ([2, 3, 2, 1, 2, 4, 3], [6, 4, 2, 3, 5, 1, 0]),
    ],
)
def test_steps_of_four_axes_make_the_order(sizes: list[int | str], perm: list[int]) -> None:
    made = fires("transpose-in-steps", turned(sizes, perm))
    steps = [n for n in made.graph.node if n.op_type == "Transpose"]
    assert len(steps) == 2
    assert all(len(n.attribute[0].ints) <= 4 for n in steps)


def test_any_order_of_eight_axes_is_reached() -> None:
    rng = np.random.default_rng(1)
    for _ in range(3):
        order = tuple(int(a) for a in rng.permutation(8))
        here = tuple(range(8))
        steps = _steps(order, (2,) * 8)
        for step in steps:
            assert len(runs(step)) <= 4
            here = tuple(here[a] for a in step)
        assert here == order
        assert len(steps) <= 4


def test_half_precision() -> None:
    fires("transpose-in-steps", turned([4, 5, 3, 2, 6], [2, 0, 3, 1, 4], "float16"))


def test_two_open_sizes_cannot_be_said() -> None:
    assert "more than one size" in refuses("transpose-in-steps", turned(["N", 5, 3, "L", 6], [2, 0, 3, 1, 4]))


def test_what_merges_to_four_axes_is_anothers_business() -> None:
    assert refuses("transpose-in-steps", turned([2, 3, 4, 5, 6], [0, 3, 4, 1, 2])) == ""
    assert types(turned([2, 3], [1, 0])) == ["Transpose"]
