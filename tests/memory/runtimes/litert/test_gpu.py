from __future__ import annotations

from itertools import pairwise

from edgeplan.graph import DType, Graph, Value
from edgeplan.memory.runtimes.litert import PROFILE
from edgeplan.memory.runtimes.litert.gpu import POOL
from tests.memory.runtimes.litert.deployed import deployed, graph, op, terms, value


def convolution(dtype: DType = DType.FLOAT32) -> Graph:
    filled = Value("w", dtype, (6, 3, 3, 3), True, quantization="per-channel" if dtype is DType.INT8 else "")
    values = [value("x", 1, 8, 8, 3), filled, value("y", 1, 8, 8, 6)]
    return graph([op("CONV_2D", ("x", "w"), "y")], values)


def test_weights_are_padded_to_four_channels_and_halved_unless_single_precision_is_asked_for() -> None:
    padded = 8 * 3 * 3 * 4
    size = terms(deployed(convolution(), "gpu"))["GPU weights"].size
    assert (size.low, size.likely, size.high) == (2 * padded, 2 * padded, 4 * padded)
    assert terms(deployed(convolution(), "gpu", precision="float32"))["GPU weights"].size.low == 4 * padded


def test_quantised_weights_are_dequantised_or_at_least_as_large_as_stored() -> None:
    size, floats = (
        terms(deployed(convolution(kind), "gpu"))["GPU weights"].size for kind in (DType.INT8, DType.FLOAT32)
    )
    assert (size.likely, size.high) == (floats.likely, floats.high)
    assert size.low == 6 * 3 * 3 * 3


def test_textures_are_given_on_to_tensors_of_their_own_shape_alone() -> None:
    def most(*widths: int) -> int:
        names = [f"v{i}" for i in range(len(widths))]
        ops = [op("ABS", (a,), b) for a, b in pairwise(names)]
        where = graph(ops, [value(n, 1, w, w, 4) for n, w in zip(names, widths, strict=True)], names[:1], names[-1:])
        return terms(deployed(where, "gpu", precision="float32"))[POOL].size.high

    assert most(8, 8, 8, 8) == most(8, 8, 8, 8, 8, 8)
    assert most(8, 8, 8, 8) < most(8, 9, 8, 9) < most(8, 9, 10, 11)


def test_packed_activations_are_the_least_and_lie_in_a_pool() -> None:
    given = deployed(convolution(), "gpu")
    pool = next(p for p in PROFILE.pools(given) if p.name == POOL)
    size = terms(given)[POOL].size
    assert size.low == pool.arena.size == 64 * 4 * 2 + 64 * 8 * 2
    assert size.low <= size.likely <= size.high


def test_what_is_on_the_gpu_is_the_drivers_and_the_copies_while_loading_are_the_apps() -> None:
    found = terms(deployed(convolution(), "gpu"))
    assert found["GPU weights"].holder == found[POOL].holder == "driver"
    assert (found["GPU loading"].holder, found["GPU loading"].phase) == ("app", "load")


def test_there_are_no_such_terms_where_nothing_runs_on_the_gpu() -> None:
    assert not [name for name in terms(deployed(convolution())) if name.startswith("gpu")]
