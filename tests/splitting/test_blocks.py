import numpy as np

from edgeplan.splitting.blocks import blocks_of
from edgeplan.splitting.problem import INPUT, problem_of


def test_a_kernel_s_ops_are_one_block_and_blocks_come_in_order() -> None:
    problem = problem_of(5, [(INPUT, [0]), (0, [1, 2]), (1, [3]), (2, [3]), (3, [4])])
    assert blocks_of(problem, [(2, 3)]).tolist() == [0, 1, 2, 2, 3]
    assert blocks_of(problem, []).tolist() == [0, 1, 2, 3, 4]


def test_kernels_that_share_an_op_are_one_block() -> None:
    problem = problem_of(4, [(INPUT, [0]), (0, [1]), (1, [2]), (2, [3])])
    assert blocks_of(problem, [(0, 1), (1, 2)]).tolist() == [0, 0, 0, 1]


def test_a_block_read_from_an_op_behind_it_comes_after_it() -> None:
    """0 and 3 run as one and 3 reads 1, which reads nothing of theirs: 1 comes first."""
    problem = problem_of(4, [(INPUT, [0, 1]), (0, [3]), (1, [3]), (3, [])])
    assert blocks_of(problem, [(0, 3)]).tolist() == [1, 0, 2, 1]


def test_kernels_in_a_circle_are_one_block() -> None:
    problem = problem_of(4, [(INPUT, [0]), (0, [1]), (1, [2]), (2, [3])])
    assert blocks_of(problem, [(0, 2), (1, 3)]).tolist() == [0, 0, 0, 0]


def test_no_ops_are_no_blocks() -> None:
    assert blocks_of(problem_of(0, [(INPUT, [])]), []).tolist() == []


def test_a_circle_through_ops_outside() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        n = 20
        tensors = [(INPUT, [0])] + [(i, sorted({*rng.integers(i + 1, n, 2).tolist()})) for i in range(n - 1)]
        problem = problem_of(n, tensors)
        kernels = [tuple(sorted(rng.choice(n, 3, replace=False).tolist())) for _ in range(3)]
        block = blocks_of(problem, kernels)
        start, end = block[problem.maker[problem.tensor][problem.tensor > 0]], block[problem.reader[problem.tensor > 0]]
        assert (start <= end).all()
        assert all(len(set(block[list(kernel)].tolist())) == 1 for kernel in kernels)
