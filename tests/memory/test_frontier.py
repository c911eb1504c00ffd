from __future__ import annotations

from edgeplan.memory.frontier import Block, best_order

# Two branches of two ops each, then one that reads both: 0 makes 90 bytes, of which 2 leaves 10; 1 and 3 likewise.
BRANCHES = Block(
    needs=(0, 0, 0b1, 0b10, 0b1100),
    makes=(90, 90, 10, 10, 5),
    extra=(0, 0, 0, 0, 0),
    frees=(
        ((0b101, 90),),
        ((0b1010, 90),),
        ((0b101, 90), (0b10100, 10)),
        ((0b1010, 90), (0b11000, 10)),
        ((0b10100, 10), (0b11000, 10)),
    ),
    live=100,
)


def test_the_peak_counts_what_is_alive_while_each_op_runs() -> None:
    assert BRANCHES.peak((0, 1, 2, 3, 4)) == 100 + 90 + 90 + 10
    assert BRANCHES.peak((0, 2, 1, 3, 4)) == 100 + 10 + 90 + 10


def test_the_order_of_the_lowest_peak_is_found() -> None:
    found = best_order(BRANCHES, 0, 290, 1000)
    assert found is not None
    assert BRANCHES.peak(found) == 210


def test_none_is_found_where_no_order_is_below_the_limit() -> None:
    assert best_order(BRANCHES, 0, 210, 1000) is None
    assert best_order(BRANCHES, 0, 211, 1000) is not None


def test_with_little_work_allowed_the_order_is_still_one_that_can_run() -> None:
    found = best_order(BRANCHES, 0, 1000, 1)
    assert found is not None
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert found.index(0) < found.index(2) < found.index(4)


def test_memory_that_an_op_takes_while_it_runs_counts() -> None:
    greedy = Block((0, 0), (10, 20), (100, 0), (((0b1, 10),), ()), 0)  # what op 1 makes stays
    assert greedy.peak((0, 1)) == 110
    assert greedy.peak((1, 0)) == 130
    assert best_order(greedy, 0, 130, 100) == [0, 1]


def test_all_that_can_run_is_tried_though_fewer_ops_could_in_the_given_order() -> None:
    # Op 0 is a dead end that takes 100 bytes and should wait until op 3 has freed the 50 bytes there are at first.
    late = Block(
        needs=(0, 0, 0b10, 0b110, 0b10),
        makes=(100, 1, 1, 1, 1),
        extra=(0, 0, 0, 0, 0),
        frees=(((0b1, 100),), (), (), ((0b1000, 50),), ((0b10000, 1),)),
        live=50,
    )
    assert late.peak((0, 1, 2, 3, 4)) == 150
    found = best_order(late, 0, 150, 1000)
    assert found is not None
    assert late.peak(found) == 103
