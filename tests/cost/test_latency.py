from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from edgeplan.cost.kernel_time import kernel_time
from edgeplan.cost.kernels import Kernel
from edgeplan.cost.latency import Latency, latency_of
from edgeplan.cost.unit_speed import Speeds, UnitSpeed
from edgeplan.cost.work import work_of
from edgeplan.frontends.onnx import parse_text
from edgeplan.place.partition import place
from edgeplan.target import Target

Given = Callable[..., None]
Toy = Callable[..., Target]
RUNS = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
NO_NEG = 'id = "neg"\nops = ["Neg"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "No."\n'
CONV = """g (float[1,8,10,10] x) => (float[1,16,10,10] y) <int64[4] s = {16,8,1,1}> {
    w = ConstantOfShape (s)
    y = Conv (x, w)
}"""
CPU = """[[speed]]
unit = ["cpu"]
precision = ["float32"]
chips = ["t1"]
launch = { "*" = 1 }
gmacs = { "*" = 1 }
gbytes = { "*" = 1, weights = 1 }
spread = [0.5, 2.0]
fit = { table = "toys", script = "fit", models = 2, rows = 3, error = 0.1, rank = 0.9, covered = 0.8 }
source = { paper = "says so" }
"""


def latency(text: str, target: Target) -> Latency:
    graph = parse_text(text)
    return latency_of(graph, target, place(graph, target), [work_of(graph, op) for op in graph.ops])


def test_a_kernel_takes_a_launch_and_the_longer_of_work_and_traffic(toy: Toy, given: Given) -> None:
    given()
    found = latency(CONV, toy(RUNS))
    (kernel,) = found.kernels
    work = 16 * 8 * 100 / 2e9
    traffic = (8 + 16) * 100 * 4 / 1e9 + 16 * 8 * 4 / 2e9
    assert (kernel.family, kernel.busy_with, kernel.bound) == ("pointwise", "traffic", "launch")
    assert kernel.launch == pytest.approx(10e-6)
    assert kernel.busy == pytest.approx(max(work, traffic), rel=1e-3)
    assert found.floor == pytest.approx(100e-6)
    assert found.total is not None
    assert found.total.likely == pytest.approx(100e-6 + kernel.seconds)
    assert found.total.low == pytest.approx(0.8 * found.total.likely)
    assert found.total.high == pytest.approx(1.25 * found.total.likely)
    assert "3 runs of 2 networks (toys): T1" in found.total.basis


def test_without_overlap_work_and_traffic_add_up(toy: Toy, given: Given) -> None:
    given(overlap=1)
    (kernel,) = latency(CONV, toy(RUNS)).kernels
    assert kernel.busy == pytest.approx(16 * 8 * 100 / 2e9 + 2400 * 4 / 1e9 + 16 * 8 * 4 / 2e9)


def test_values_that_stay_on_the_chip_have_a_rate_of_their_own(toy: Toy, given: Given) -> None:
    given(near_bytes=4000, gbytes={"*": 1, "weights": 2, "near": 10})
    (kernel,) = latency(CONV, toy(RUNS)).kernels
    assert kernel.busy == pytest.approx(3200 / 10e9 + 6400 / 1e9 + 512 / 2e9, rel=1e-3)


def test_a_unit_that_nobody_has_measured_gives_no_figure(toy: Toy, given: Given) -> None:
    given()
    found = latency("g (float[4] x) => (float[4] y) { y = Neg (x) }", toy(NO_NEG, RUNS))
    assert found.total is None
    assert found.why == "no measured run is known of the CPU of T1, nor of its like"


def test_an_op_without_a_unit_and_open_sizes_give_no_figure(toy: Toy, given: Given) -> None:
    given()
    assert latency("g (float[4] x) => (float[4] y) { y = Neg (x) }", toy(NO_NEG)).total is None
    assert latency("g (float[n] x) => (float[n] y) { y = Relu (x) }", toy(RUNS)).why == "sizes are open"


def test_a_graph_without_ops_takes_no_time_that_could_be_told(toy: Toy, given: Given) -> None:
    given()
    found = latency("g (float[4] x) => (float[4] x) { }", toy(RUNS))
    assert (found.total, found.why) == (None, "nothing is left to run")


def test_hand_overs_between_units_are_counted_once_measured(toy: Toy, given: Given) -> None:
    text = "g (float[1000] x) => (float[1000] y) { a = Relu (x) b = Neg (a) y = Relu (b) }"
    given(CPU)
    unknown = latency(text, toy(NO_NEG, RUNS))
    crossing = '[[crossing]]\nunits = ["npu", "cpu"]\nus = [50, 100, 200]\ngbytes = 1\nwhy = "w"\nsource = {}\n'
    given(CPU + crossing)
    known = latency(text, toy(NO_NEG, RUNS))
    assert unknown.crossings == 0
    assert unknown.total is not None
    assert "doubled" in unknown.total.basis
    assert known.crossings == pytest.approx(2 * (100e-6 + 4000 / 1e9))
    assert known.total is not None
    assert known.total.likely == pytest.approx(unknown.total.likely + known.crossings)
    assert "doubled" not in known.total.basis


def test_the_cpu_alone_is_told_where_it_is_known(toy: Toy, given: Given) -> None:
    given(CPU)
    found = latency("g (float[1000] x) => (float[1000] y) { y = Relu (x) }", toy(RUNS))
    assert found.elsewhere is not None
    assert found.elsewhere.likely == pytest.approx(1e-6 + 8000 / 1e9)
    given()
    assert latency("g (float[1000] x) => (float[1000] y) { y = Relu (x) }", toy(RUNS)).elsewhere is None


def test_a_penalty_is_added_where_its_condition_holds(toy: Toy, given: Given) -> None:
    penalty = {
        "name": "wide", "ops": ["Relu"], "why": "w", "source": {}, "us": 7, "ns_per_kb": 3,
        "when": {"X.size": {"min": 100}},
    }  # fmt: skip
    given(penalty=[penalty], fuses=[])
    (small,) = latency("g (float[10] x) => (float[10] y) { y = Relu (x) }", toy(RUNS)).kernels
    (large,) = latency("g (float[1000] x) => (float[1000] y) { y = Relu (x) }", toy(RUNS)).kernels
    assert small.penalties == {}
    assert large.penalties == pytest.approx({"wide": 7e-6 + 3e-12 * 8000})
    assert large.seconds == pytest.approx(large.launch + large.busy + large.penalties["wide"])


def test_a_chip_is_told_by_another_one_with_a_wider_range(toy: Toy, given: Given) -> None:
    given()
    own = latency(CONV, toy(RUNS)).total
    chip = '[[chip]]\nchip = "t1"\nunit = ["npu"]\nlike = "t0"\nwork = 2\ntraffic = 2\nfixed = 0.5\nwiden = 2\n'
    given(f'{chip}why = "twice as fast"\nsource = {{}}\n', chips=["t0"])
    other = latency(CONV, toy(RUNS)).total
    assert own is not None
    assert other is not None
    assert other.likely == pytest.approx(own.likely / 2)
    assert (other.low / other.likely, other.high / other.likely) == pytest.approx((0.8**2, 1.25**2))
    assert "twice as fast" in other.basis


def test_families_less_well_known_widen_the_range(toy: Toy, given: Given) -> None:
    given(doubt={"pointwise": 2.0}, floor=0)
    total = latency(CONV, toy(RUNS)).total
    assert total is not None
    assert (total.low / total.likely, total.high / total.likely) == pytest.approx((0.4, 2.5))


def test_another_backends_unit_can_stand_in(toy: Toy, given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    given('[[inherit]]\nbackend = "toy"\nunit = { cpu = "npu" }\nwiden = 2\nwhy = "the same driver"\n')
    target = toy(RUNS)
    monkeypatch.setattr("edgeplan.cost.unit_speed.load_backend", lambda name: target.backend)
    found = Speeds(target).of("cpu", "float32")
    assert found is not None
    assert found.low == pytest.approx(0.8**2)
    assert found.basis.endswith("the same driver")


sizes = st.integers(0, 2**24)
works = st.integers(0, 2**34)


@pytest.fixture
def speed(toy: Toy, given: Given) -> UnitSpeed:
    given(near_bytes=1000, overlap=3, gbytes={"*": 1, "weights": 2, "near": 10})
    found = Speeds(toy(RUNS)).of("npu", "float32")
    assert found is not None
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@drawn(works, sizes, sizes, works, sizes, sizes)
def test_more_work_or_traffic_is_never_faster(
    speed: UnitSpeed, macs: int, weights: int, value: int, more_macs: int, more_weights: int, another: int
) -> None:
    less = Kernel("npu", "conv", "float32", [0], macs, macs, weights, [value])
    more = Kernel(
        "npu", "conv", "float32", [0], macs + more_macs, macs + more_macs, weights + more_weights, [value, another]
    )
    assert kernel_time(more, speed).seconds >= kernel_time(less, speed).seconds * (1 - 1e-12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@drawn(st.lists(st.sampled_from(["Relu", "Softmax", "Transpose"]), min_size=1, max_size=6), st.integers(1, 2000))
def test_a_longer_network_takes_longer_and_its_ends_stay_in_order(
    toy: Toy, given: Given, ops: list[str], width: int
) -> None:
    given(fuses=[])
    shape = f"float[2,{width}]"
    lines = [f"v{i + 1} = {op} (v{i})" for i, op in enumerate(ops)]

    def total(n: int) -> tuple[float, float, float]:
        ends = f"({shape} v{n})"
        found = latency(f"g ({shape} v0) => {ends} {{ {' '.join(lines[:n])} }}", toy(RUNS)).total
        assert found is not None
        return found.low, found.likely, found.high

    whole, part = total(len(ops)), total(max(1, len(ops) - 1))
    assert whole[0] <= whole[1] <= whole[2]
    assert all(a >= b for a, b in zip(whole, part, strict=True))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@drawn(st.floats(0.3, 1), st.floats(1, 3), st.floats(1, 3))
def test_ranges_nest_as_they_widen(toy: Toy, given: Given, low: float, high: float, widen: float) -> None:
    chip = '[[chip]]\nchip = "t1"\nunit = ["npu"]\nlike = "t0"\nwhy = "w"\nsource = {}\nwiden = '
    found = []
    for power in (1, widen):
        given(f"{chip}{power}\n", chips=["t0"], spread=[low, high])
        total = latency(CONV, toy(RUNS)).total
        assert total is not None
        found.append(total)
    narrow, wide = found
    assert wide.low <= narrow.low * (1 + 1e-12)
    assert wide.high >= narrow.high * (1 - 1e-12)
    assert not narrow.apart(wide)


def test_a_unit_that_only_moves_takes_any_of_its_speeds(toy: Toy, given: Given) -> None:
    given(precision=["int8"])
    found = latency("g (int64[100] x) => (int64[100] y) { y = Abs (x) }", toy(RUNS))
    assert found.total is not None
