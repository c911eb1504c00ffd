"""The fit and its validation, on made-up runs whose figures are known."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from math import exp, log

import msgspec
import numpy as np
import pytest

from benchmarks.latency.fit import Factors, Fitted, Free, _Arrays, _predict, _start, fit, predict
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.validation import Held, cross_validate, power_of, score, spread_of
from benchmarks.latency.write import speeds_toml
from edgeplan.cost.kernels import Kernel
from edgeplan.cost.speeds import Penalty, Speed, SpeedFile
from edgeplan.target import Target
from tests.conftest import SPEED

Toy = Callable[..., Target]
FREE = [
    Free("0.floor"), Free("0.launch.*"), Free("0.gmacs.*"), Free("0.gmacs.conv"), Free("0.gbytes.*"),
    Free("0.gbytes.weights"), Free("0.penalty.slow"), Free("chip.t2.work"), Free("chip.t2.traffic"),
    Free("chip.t2.fixed"),
]  # fmt: skip
PENALTY = Penalty("slow", ("Relu",), "It is slow.", {"paper": "x"}, us=3, ns_per_kb=5, scales="work")
TRUE = msgspec.convert(
    SPEED | {"gmacs": {"*": 80, "conv": 200}, "gbytes": {"*": 12, "weights": 7}, "overlap": 3, "floor": 150}, Speed
)
TRUE = msgspec.structs.replace(TRUE, penalty=(PENALTY,))
CHIPS = {"t2": Factors(1.7, 1.3, 0.6)}


def kernel(draw: random.Random) -> Kernel:
    family = draw.choice(["conv", "linear", "activation"])
    macs = 0 if family == "activation" else int(10 ** draw.uniform(5, 9))
    values = [int(10 ** draw.uniform(3, 7)) for _ in range(2)]
    return Kernel("npu", family, "float32", [0], macs, macs, int(10 ** draw.uniform(2, 6)) if macs else 0, values)


def runs(toy: Toy, count: int, noise: float = 0.0) -> list[Loaded]:
    """Networks of 20 to 60 kernels in groups of three, on two chips, as long as the true figures say, but for noise."""
    draw = random.Random(7)
    target = toy()
    found = []
    for i in range(count):
        kernels = tuple(kernel(draw) for _ in range(draw.randint(20, 60)))
        counts = tuple(((1, sum(k.values)) if k.family == "activation" else (0, 0),) for k in kernels)
        chip = "t2" if i % 2 else "t1"
        where = replace(target, device=msgspec.structs.replace(target.device, id=f"phone-{chip}", chip_id=chip))
        run = Run("toys", f"m{i}", f"m{i}", f"g{i // 3}", f"phone-{chip}", "toy", 1.0)
        loaded = Loaded(run, where, kernels, counts)
        seconds = float(predict([loaded], Fitted((TRUE,), CHIPS))[0]) * exp(draw.gauss(0, noise))
        found.append(replace(loaded, run=replace(run, seconds=seconds)))
    return found


def start() -> tuple[Speed, ...]:
    given = msgspec.convert(SPEED | {"gmacs": {"*": 100, "conv": 100}, "overlap": 3}, Speed)
    return (msgspec.structs.replace(given, penalty=(msgspec.structs.replace(PENALTY, us=6, ns_per_kb=10),)),)


def train(loaded: list[Loaded]) -> Fitted:
    return fit(loaded, start(), FREE, {"t2": Factors()}, noise=0.05)


def test_the_fit_finds_the_figures_that_made_the_runs(toy: Toy) -> None:
    loaded = runs(toy, 60)
    fitted = train(loaded)
    assert predict(loaded, fitted) == pytest.approx([r.run.seconds for r in loaded], rel=0.02)
    (speed,) = fitted.speeds
    assert speed.gmacs["conv"] == pytest.approx(200, rel=0.1)
    assert speed.gbytes["*"] == pytest.approx(12, rel=0.1)
    assert fitted.chips["t2"].work == pytest.approx(1.7, rel=0.1)


def test_the_slopes_are_those_of_the_prediction(toy: Toy) -> None:
    loaded = runs(toy, 6)
    names = {name: i for i, name in enumerate(_start((TRUE,), CHIPS))}
    theta = np.array([log(v) for v in _start((TRUE,), CHIPS).values()])
    arrays = _Arrays(loaded, (TRUE,), names)
    total, slopes = _predict(arrays, theta, names, slopes=True)
    assert slopes is not None
    for name, i in names.items():
        moved = theta.copy()
        moved[i] += 1e-5
        numeric = (_predict(arrays, moved, names, slopes=False)[0] - total) / 1e-5
        assert slopes[:, i] == pytest.approx(numeric, rel=1e-3, abs=1e-9), name


def test_tied_figures_move_by_one_factor(toy: Toy) -> None:
    free = [Free("0.gmacs.*", also=("0.gmacs.conv",))]
    (speed,) = fit(runs(toy, 12), start(), free, {"t2": Factors()}).speeds
    assert speed.gmacs["*"] != pytest.approx(100)
    assert speed.gmacs["*"] == pytest.approx(speed.gmacs["conv"])


def test_no_network_is_predicted_by_a_fit_that_saw_its_group(toy: Toy) -> None:
    loaded = runs(toy, 30, noise=0.1)
    seen: list[set[str]] = []

    def spying(rest: list[Loaded]) -> Fitted:
        seen.append({r.run.group for r in rest})
        return train(rest)

    held = cross_validate(loaded, spying, folds=4)  # type: ignore[arg-type]
    assert sorted(h.loaded.run.model for h in held) == sorted(r.run.model for r in loaded)
    groups = {r.run.group for r in loaded}
    assert all(rest < groups for rest in seen)
    assert set.union(*(groups - rest for rest in seen)) == groups


def test_the_range_holds_what_it_says(toy: Toy) -> None:
    held = cross_validate(runs(toy, 90, noise=0.15), train, folds=5)  # type: ignore[arg-type]
    found = score(held)
    assert 0.70 <= found.covered <= 0.93
    assert found.error < 0.2
    assert found.rank > 0.9
    low, high = spread_of(held)
    assert sum(low <= h.ratio <= high for h in held) >= 0.8 * len(held)


def test_a_range_that_is_too_narrow_is_raised_to_a_power(toy: Toy) -> None:
    (loaded,) = runs(toy, 1)
    held = [Held(loaded, loaded.run.seconds / ratio) for ratio in (0.5, 0.9, 1.0, 1.1, 2.0)]
    assert power_of([(h, (0.8, 1.25)) for h in held], level=0.6) == 1
    assert power_of([(h, (0.5, 2.0)) for h in held], level=1) == pytest.approx(1)
    assert power_of([(h, (0.5**0.5, 2.0**0.5)) for h in held], level=1) == pytest.approx(2)


def test_published_ranges_count_where_they_are_given(toy: Toy) -> None:
    loaded = runs(toy, 6)
    right = [Held(r, r.run.seconds * 1.2, (0.8, 1.25)) for r in loaded]
    assert score(right).covered == 1
    assert score([replace(h, around=(0.99, 1.01)) for h in right]).covered == 0


def test_what_is_written_reads_as_it_was(toy: Toy) -> None:
    import tomllib

    fitted = train(runs(toy, 12))
    text = speeds_toml("Toys", "python -m toys", fitted.speeds, [])
    (read,) = msgspec.convert(tomllib.loads(text), SpeedFile).speed
    assert read.gmacs == pytest.approx(fitted.speeds[0].gmacs, rel=0.01)
    assert read.penalty[0].scales == "work"
    assert read.overlap == 3
