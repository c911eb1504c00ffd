from __future__ import annotations

from edgeplan.frontends.tflite import load_tflite
from edgeplan.graph import Shape

from .writer import model, tensor


def given_back(then: tuple[int, ...], other: tuple[int, ...]) -> Shape:
    """What is known of a value whose size either of two branches decides; the file leaves it open."""

    def branch(shape: tuple[int, ...]) -> dict[str, object]:
        # What a branch gives back is what it was handed, of the size that its own file entry says.
        tensors = [tensor((4,), name="a"), tensor(shape, name="b")]
        return {"tensors": tensors, "ops": [("RELU", (0,), (1,))], "inputs": [0], "outputs": [1]}

    tensors = [tensor((), "BOOL", "c", has_rank=True), tensor((4,), name="x"), tensor((1, 1), name="y")]
    tensors[2]["shape_signature"] = [-1, -1]
    ops = [("IF", (0, 1), (2,), {"then_subgraph_index": 1, "else_subgraph_index": 2})]
    data = model(tensors, ops, inputs=(0, 1), others=[branch(then), branch(other)])
    return load_tflite(data).graph.values["y"].shape


def test_branches_of_one_size_decide_it() -> None:
    assert given_back((3, 4), (3, 4)) == (3, 4)


def test_an_axis_on_which_branches_differ_is_open() -> None:
    assert given_back((0, 4), (3, 4)) == (None, 4)


def test_branches_of_different_rank_leave_what_the_file_says() -> None:
    assert given_back((4,), (3, 4)) == (None, None)
