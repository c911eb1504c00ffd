from __future__ import annotations

from collections import Counter

from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.memory.arena import Arena
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.plan import plan_memory
from edgeplan.memory.pool import Pool
from edgeplan.memory.runtimes.litert.blocks import Blocks, blocks
from edgeplan.memory.runtimes.litert.process import file_bytes
from edgeplan.memory.runtimes.litert.written import written
from tests.memory.runtimes.litert.deployed import deployed, graph, op, terms, value


def dense(dtype: DType = DType.FLOAT32) -> Graph:
    values = [value("x", 1, 1000), value("w", 100, 1000, dtype=dtype, const=True), value("y", 1, 100)]
    return graph([op("FULLY_CONNECTED", ("x", "w"), "y")], values)


def looked_up(*, readers: int = 1) -> Graph:
    ops = [op("GATHER", ("table", "x"), "y", axis=0)]
    ops += [op("ABS", ("table",), f"z{i}") for i in range(readers - 1)]
    values = [value("table", 5000, 64, const=True), value("x", 1, 8, dtype=DType.INT32), value("y", 1, 8, 64)]
    values += [value(f"z{i}", 5000, 64) for i in range(readers - 1)]
    return graph(ops, values, outputs=("y",))


def test_the_mapped_file_is_not_what_an_app_is_killed_for() -> None:
    given = deployed(dense(), file_bytes=400_500)
    term = terms(given)["model file"]
    assert (term.size.likely, term.kind, term.holder) == (400_500, "computed", "file")
    assert plan_memory(given).app == plan_memory(deployed(dense(), file_bytes=500)).app


def test_a_file_that_is_still_to_be_made_is_estimated_from_its_weights() -> None:
    given = deployed(dense(), file_bytes=None)
    assert terms(given)["model file"].kind == "estimated"
    assert 400_000 < file_bytes(given) < 401_000


def test_of_a_lookup_table_one_block_is_likely_to_be_read() -> None:
    size = terms(deployed(looked_up(), file_bytes=1_300_000))["model file"].size
    assert (size.likely, size.high) == (1_300_000 - 5000 * 64 * 4 + 65536, 1_300_000)


def test_a_table_that_another_op_reads_as_a_whole_counts_in_full() -> None:
    assert terms(deployed(looked_up(readers=2), file_bytes=1_300_000))["model file"].size.likely == 1_300_000


def test_records_grow_with_tensors_and_pages_with_xnnpack() -> None:
    small, large = terms(deployed(dense(), "cpu")), terms(deployed(looked_up(readers=9), "cpu"))
    assert small["interpreter records"].size.likely < large["interpreter records"].size.likely
    assert small["library pages"].size.likely < terms(deployed(dense()))["library pages"].size.likely
    assert small["library pages"].holder == "file"


def test_a_convolution_copies_blocks_no_larger_than_caches_or_its_operands() -> None:
    def of(size: int, channels: int) -> Blocks:
        values = [value("x", 1, size, size, channels), value("w", channels, 1, 1, channels, const=True)]
        where = graph([op("CONV_2D", ("x", "w"), "y")], [*values, value("y", 1, size, size, channels)])
        return blocks(where, [0])

    assert of(4, 8) == Blocks(4 * 8 * (8 + 16), 0, 4 * 8 * (8 + 16))
    assert of(100, 2000) == Blocks(4 * 432 * (910 + 1152), 0, 4 * 2000 * (10_000 + 2000))
    assert of(1, 8) == Blocks(0, 0, 0)  # one pixel is computed where it lies


def test_convolutions_of_integers_and_in_three_dimensions_copy_all_of_both_operands() -> None:
    values = [value("x", 1, 9, 9, 80, dtype=DType.INT8), value("w", 8, 3, 3, 80, dtype=DType.INT8, const=True)]
    flat = graph([op("CONV_2D", ("x", "w"), "y")], [*values, value("y", 1, 9, 9, 8, dtype=DType.INT8)])
    assert blocks(flat, [0]) == Blocks(0, 720 * (81 + 8), 720 * (81 + 8))
    values = [value("x", 1, 9, 9, 9, 20), value("w", 3, 3, 3, 20, 8, const=True), value("y", 1, 9, 9, 9, 8)]
    deep = graph([op("CONV_3D", ("x", "w"), "y")], values)
    assert blocks(deep, [0]) == Blocks(0, 4 * 540 * (729 + 8), 4 * 540 * (729 + 8))


def test_what_a_product_leaves_written_stands_beside_what_a_larger_one_wants() -> None:
    def of(*sizes: int) -> int:
        values = [
            v for i, n in enumerate(sizes) for v in (value(f"x{i}", 1, n, 1, 1, 1), value(f"y{i}", 1, n, 1, 1, 1))
        ]
        ops = [op("CONV_3D", (f"x{i}", "w"), f"y{i}") for i in range(len(sizes))]
        inputs, outputs = (tuple(f"{side}{i}" for i in range(len(sizes))) for side in "xy")
        values.append(value("w", 1, 1, 1, 1, 1, const=True))
        return blocks(graph(ops, values, inputs=inputs, outputs=outputs), range(len(ops))).packed

    assert of(100) == 4 * 101
    assert of(100, 60) == 4 * 101  # it fits what is there
    assert of(100, 60, 300) == 4 * (1 + 60 + 300)


def test_only_builtin_convolutions_copy_blocks() -> None:
    values = [value("x", 1, 8, 8, 8), value("w", 8, 1, 1, 8, const=True), value("y", 1, 8, 8, 8)]
    where = graph([op("CONV_2D", ("x", "w"), "y")], values)
    assert "matrix blocks" in terms(deployed(where, "cpu"))
    assert "matrix blocks" not in terms(deployed(where))


def products(*dynamic: bool) -> Graph:
    """Matrix products with constants, which are kept transposed, before each an op of a size the run tells or not."""
    ops, values, at = [], [value("x", 1, 4, 16), Value("shape", DType.INT32, (3,))], "x"
    for i, runs in enumerate(dynamic):
        ops.append(
            Op(f"r{i}", "RESHAPE", (at, "shape"), ("input", "shape"), (f"r{i}",)) if runs else op("ABS", (at,), f"r{i}")
        )
        ops.append(Op(f"p{i}", "BATCH_MATMUL", (f"r{i}", f"w{i}"), ("x", "y"), (f"p{i}",)))
        values += [value(f"r{i}", 1, 4, 16), value(f"w{i}", 1, 16, 16, const=True), value(f"p{i}", 1, 4, 16)]
        at = f"p{i}"
    return graph(ops, values, inputs=("x", "shape"), outputs=(at,))


def test_an_arena_that_grows_in_the_run_is_held_twice_while_it_moves() -> None:
    found = terms(deployed(products(False, True, True), "cpu"))
    kept = 3 * 16 * 16 * 4
    assert found["persistent arena"].size.likely >= kept
    assert found["arena growth"].size.high == 16 * 16 * 4  # two matrices and their copies, where three are to be


def test_an_arena_that_is_taken_once_does_not_move() -> None:
    for dynamic in ((False, False), (True, False)):
        assert "arena growth" not in terms(deployed(products(*dynamic), "cpu"))


def attention(**attrs: bool) -> Graph:
    """A product of two activations of 64 and of 16 KiB."""
    ops = [op("ABS", ("x",), "a"), Op("y", "BATCH_MATMUL", ("a", "z"), ("x", "y"), ("y",), attrs)]
    values = [value("x", 1, 128, 128), value("a", 1, 128, 128), value("z", 1, 128, 32), value("y", 1, 128, 32)]
    return graph(ops, values, inputs=("x", "z"))


def test_room_that_is_never_written_is_not_likely_to_take_memory() -> None:
    def spared(where: Graph) -> int:
        size = terms(deployed(where, "cpu"))["arena"].size
        return size.high - size.likely

    assert spared(attention()) == 128 * 128 * 4  # only the second operand is transposed
    assert spared(attention(adj_x=True)) == 0
    assert spared(attention(adj_x=True, adj_y=True)) == 128 * 32 * 4
    assert spared(dense()) == 0


def test_what_lies_over_such_room_still_counts() -> None:
    buffers = tuple(Buffer(n, 0, 1, 128, "scratch") for n in ("p", "p", "q"))
    arena = Arena(buffers, (0, 128, 64), 256, 256, "by hand", 0)
    assert written(Pool("arena", arena), Counter({("p", 128): 1})) == 192
    assert written(Pool("arena", arena), Counter({("p", 128): 2})) == 128


def test_a_delegate_that_nothing_is_known_of_has_wide_terms() -> None:
    found = terms(deployed(dense(), "nnapi"))
    assert (found["nnapi-weights"].size.low, found["nnapi-weights"].size.high) == (0, 800_000)
    assert "not published" in found["nnapi-weights"].basis


def test_weights_may_be_kept_twice_as_long_as_the_converter_is_open() -> None:
    values = [value("x", 1, 10, 64), value("w", 32, 64, const=True), value("y", 1, 10, 32)]
    product = graph([op("FULLY_CONNECTED", ("x", "w"), "y")], values)
    size = terms(deployed(product, "cpu", None))["transposed weights"].size
    assert (size.low, size.likely, size.high) == (0, 0, 4 * 32 * 64)
    assert "transposed weights" not in terms(deployed(product, "cpu"))  # the file says which op it is
    assert "transposed weights" not in terms(deployed(product, "xnnpack", None))
    assert "transposed weights" not in terms(deployed(dense(), "cpu", None))  # a matrix is one everywhere
