from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edgeplan.graph import Graph
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.pool import Pool
from edgeplan.memory.runtimes.tensorrt.kernels import fused
from edgeplan.memory.runtimes.tensorrt.region import plan_region, without_workspaces
from edgeplan.memory.runtimes.tensorrt.streams import schedule
from edgeplan.memory.runtimes.tensorrt.values import ALIGNMENT
from edgeplan.memory.runtimes.tensorrt.work import work_of
from tests.memory.runtimes.tensorrt.networks import WORKSPACE, conv, network

IMAGE = "float[1,64,28,28] x"
PLANE = 64 * 28 * 28 * 4


def held(pool: Pool) -> dict[str, Buffer]:
    return {b.value: b for b in pool.arena.buffers if b.role == "activation"}


def test_inputs_and_outputs_are_the_callers() -> None:
    assert plan_region(network("float[1,64] x", "y = Softmax (x)", {}), WORKSPACE).arena.size == 0


def test_a_convolution_has_its_input_copied_and_its_output_transposed() -> None:
    pool = plan_region(network(IMAGE, conv("x", "y", "w"), {"w": (64, 64, 1, 1)}), 0)
    assert {name: b.size for name, b in held(pool).items()} == {"x": PLANE, "y": PLANE}


def test_sizes_are_rounded_up() -> None:
    pool = plan_region(network("float[1,1,28,28] x", conv("x", "y", "w"), {"w": (6, 1, 1, 1)}), 0)
    assert {b.size for b in held(pool).values()} == {3200, 18816}
    assert all(offset % ALIGNMENT == 0 for offset in pool.arena.offsets)


def test_what_a_concat_joins_is_written_into_its_buffer() -> None:
    body = conv("x", "p", "w", 3) + conv("p", "a", "v", 3) + conv("p", "b", "v", 3) + "q = Concat <axis = 1> (a, b)\n"
    weights = {"w": (64, 64, 3, 3), "v": (64, 64, 3, 3), "u": (64, 128, 1, 1)}
    pool = plan_region(network(IMAGE, body + conv("q", "y", "u"), weights), 0)
    assert held(pool).keys() == {"x", "p", "q", "y"}
    assert held(pool)["q"].size == 2 * PLANE
    assert held(pool)["q"].born < held(pool)["q"].dies


def test_a_part_that_others_read_too_is_copied_into_the_concat() -> None:
    body = conv("x", "a", "w", 3) + conv("a", "b", "w", 3) + "q = Concat <axis = 1> (a, b)\n" + conv("q", "y", "u")
    pool = plan_region(network(IMAGE, body, {"w": (64, 64, 3, 3), "u": (64, 128, 1, 1)}), 0)
    assert {"a", "b", "q"} <= held(pool).keys()


def test_merged_products_leave_one_buffer_as_long_as_one_of_them_is_read() -> None:
    body = "q = MatMul (x, a) k = MatMul (x, b) p = Softmax (q) s = MatMul (p, c) y = Mul (s, k)"
    graph = network("float[1,32,32] x", body, dict.fromkeys("abc", (32, 32)))
    kept = held(plan_region(graph, 0))
    assert "k" not in kept
    assert kept["q"].size == 2 * 32 * 32 * 4
    assert kept["q"].dies == 3  # where the product with c is done, which takes the Mul


def test_half_precision_halves_what_is_float32() -> None:
    graph = network(IMAGE, conv("x", "y", "w"), {"w": (64, 64, 1, 1)})
    assert plan_region(graph, 0, half=True).arena.size * 2 == plan_region(graph, 0).arena.size


def test_response_normalisation_works_on_three_float32_tensors() -> None:
    graph = network(IMAGE, conv("x", "a", "w") + "b = LRN <size = 3> (a) y = Softmax (b)", {"w": (64, 64, 1, 1)})
    for half in (False, True):
        arena = plan_region(graph, 0, half=half).arena
        at = next(b.born for b in arena.buffers if b.role == "scratch")
        alive = sum(b.size for b in arena.buffers if b.born <= at <= b.dies)
        assert alive == 3 * PLANE


def test_a_body_runs_in_a_region_of_its_own() -> None:
    body = """c = Constant <value = bool {1}> ()
        y = If (z) <then_branch = g1 () => (float[1,64,28,28] t) { t1 = Exp (x) t2 = MaxPool <kernel_shape = [1,1]> (t1)
            t = MaxPool <kernel_shape = [1,1]> (t2) },
            else_branch = g2 () => (float[1,64,28,28] e) { e = Exp (x) }>"""
    pool = plan_region(network(f"{IMAGE}, bool z", body, {}), 0)
    assert [b.role for b in pool.arena.buffers] == ["body"]
    assert pool.arena.size >= 2 * PLANE


def test_values_of_unknown_size_are_named() -> None:
    graph = network("float[1,64,h,28] x", conv("x", "a", "w") + "y = Softmax (a)", {"w": (64, 64, 1, 1)})
    assert set(plan_region(graph, 0).unsized) == {"x", "a"}


def test_a_side_branch_is_alive_as_long_as_the_main_one() -> None:
    weights = dict.fromkeys("wabcd", (64, 64, 3, 3))
    body = conv("x", "p", "w", 3) + conv("p", "s", "c", 3) + conv("p", "q", "a", 3) + conv("q", "r", "b", 3)
    graph = network(IMAGE, body + "t = Add (r, s)\n" + conv("t", "y", "d", 3), weights)
    pool = plan_region(graph, WORKSPACE)
    at = [sum(b.born <= step <= b.dies for b in pool.arena.buffers if b.role == "scratch") for step in range(4)]
    assert at == [1, 2, 2, 1]  # p, s beside q, s done at the latest, r


@st.composite
def chains(draw: st.DrawFn) -> Graph:
    """Convolutions, sums, concatenations and activations of whatever was there before."""
    body, names, width = "", ["x"], {"x": 8}
    for i in range(draw(st.integers(1, 9))):
        made, source = f"v{i}", draw(st.sampled_from(names))
        kind = draw(st.sampled_from(("conv", "add", "concat", "relu", "pool")))
        other = draw(st.sampled_from(names))
        width[made] = 8 if kind == "conv" else width[source]
        if kind == "conv":
            body += conv(source, made, f"w{width[source]}")
        elif kind == "add" and width[source] == width[other]:
            body += f"{made} = Add ({source}, {other})\n"
        elif kind == "concat":
            width[made] = width[source] + width[other]
            body += f"{made} = Concat <axis = 1> ({source}, {other})\n"
        elif kind == "pool":
            body += f"{made} = MaxPool <kernel_shape = [1,1]> ({source})\n"
        else:
            body += f"{made} = Relu ({source})\n"
        names.append(made)
    widths = set(width.values())
    return network("float[1,8,56,56] x", body + f"y = Sigmoid ({names[-1]})", {f"w{n}": (8, n, 1, 1) for n in widths})


@settings(deadline=None, max_examples=60)
@given(chains())
def test_kernels_are_in_an_order_in_which_they_can_run(graph: Graph) -> None:
    kernels = fused(graph)
    assert sorted(i for k in kernels.all for i in k.ops if k.kind != "copy") == sorted(kernels.of)
    assert all(kernels.all[w].depth < k.depth for k in kernels.all for w in k.reads.values())
    found = schedule(kernels.all, [work_of(graph, k) for k in kernels.all], len(graph.ops))
    for at, first, last in zip(found.at, found.first, found.last, strict=True):
        assert 0 <= first <= at <= last < len(graph.ops)
    assert 1 <= found.streams <= 8


@settings(deadline=None, max_examples=60)
@given(chains())
def test_no_two_buffers_alive_at_once_overlap(graph: Graph) -> None:
    arena = plan_region(graph, WORKSPACE).arena
    placed = sorted(zip(arena.offsets, arena.buffers, strict=True), key=lambda p: p[0])
    for i, (offset, b) in enumerate(placed):
        for other, c in placed[i + 1 :]:
            assert b.dies < c.born or c.dies < b.born or other >= offset + b.size
    assert arena.bound <= arena.size


@settings(deadline=None, max_examples=60)
@given(chains())
def test_workspaces_only_add(graph: Graph) -> None:
    pool = plan_region(graph, WORKSPACE)
    bare = without_workspaces(pool, len(graph.ops))
    assert bare.bound <= pool.arena.bound
    assert bare.size == plan_region(graph, 0).arena.size


def test_kernels_behind_the_copy_of_an_input_have_steps_of_their_own() -> None:
    body = conv("x", "a", "w", 3) + conv("a", "b", "w", 3) + conv("b", "y", "w", 3)
    graph = network(IMAGE, body, {"w": (64, 64, 3, 3)})
    kernels = fused(graph).all
    steps = schedule(kernels, [work_of(graph, k) for k in kernels], len(graph.ops)).at
    assert steps == (0, 0, 1, 2)
    spaces = [b for b in plan_region(graph, WORKSPACE).arena.buffers if b.role == "scratch"]
    assert [(b.born, b.dies) for b in spaces] == [(0, 0), (1, 1), (2, 2)]
