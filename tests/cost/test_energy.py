"""Joules: what a unit draws, times what an inference takes."""

from __future__ import annotations

from collections.abc import Callable
from math import isclose

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from msgspec.structs import replace

from edgeplan.capability.rows import load_backend
from edgeplan.cost import power
from edgeplan.cost.energy import energy_of
from edgeplan.cost.estimate import Estimate
from edgeplan.cost.latency import Latency, UnitTime
from edgeplan.cost.power import Power, all_powers, power_of_unit
from edgeplan.devices import all_devices
from edgeplan.target import Target, resolve

NANO = resolve("jetson-orin-nano-8gb", "tensorrt")
AGX = resolve("jetson-agx-orin-64gb", "tensorrt", "10.3", use=("dla",))


def spent(**seconds: float) -> Latency:
    """A latency of so many seconds a unit, known within a factor of 1.25."""
    total = sum(seconds.values())
    units = tuple(UnitTime(u, 1, s, 0.0, {}, "", ()) for u, s in seconds.items())
    return Latency(Estimate(total / 1.25, total, total * 1.25, ""), units=units)


def drawing(*watts: float, unit: str = "gpu", of: power.Scope = "unit", chip: str = "tegra234") -> Power:
    """A figure of a unit of a chip."""
    low, likely, high = watts
    return Power((chip,), (unit,), (low, likely, high), of, False, "metered", {}, measured=True)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts figures in place of those of the files."""

    def put(*powers: Power) -> None:
        monkeypatch.setattr(power, "all_powers", lambda name: powers)

    return put


def test_joules_are_watts_times_seconds(known: Callable[..., None]) -> None:
    known(drawing(5, 10, 20))
    found = energy_of(spent(gpu=0.01), AGX).total
    assert found is not None
    assert isclose(found.likely, 0.1)
    assert isclose(found.high / found.likely, found.likely / found.low)
    assert 2 < found.high / found.likely < 2 * 1.25  # independent: less than both factors together


def test_two_units_add_up_and_a_module_counts_once(known: Callable[..., None]) -> None:
    known(drawing(10, 10, 10), drawing(2, 2, 2, unit="dla"))
    apart = energy_of(spent(gpu=0.01, dla=0.03), AGX)
    assert apart.total is not None
    assert isclose(apart.total.likely, 0.1 + 0.06)
    assert [u.unit for u in apart.units] == ["gpu", "dla"]
    known(drawing(10, 10, 10, of="module"), drawing(2, 2, 2, unit="dla"))
    whole = energy_of(spent(gpu=0.03, dla=0.01), AGX).total
    assert whole is not None
    assert isclose(whole.likely, 10 * 0.04)


def test_what_nobody_metered_is_not_known(known: Callable[..., None]) -> None:
    known(drawing(10, 10, 10))
    assert energy_of(spent(dla=0.01), AGX).total is None
    assert "DLA" in energy_of(spent(dla=0.01), AGX).why
    assert energy_of(spent(gpu=0.01, dla=0.004), AGX).total is None
    small = energy_of(spent(gpu=0.01, dla=0.0001), AGX).total
    assert small is not None
    assert isclose(small.likely, 0.1)
    untold = energy_of(Latency(None, "sizes are open"), AGX)
    assert untold.why == "no latency is known: sizes are open"


def test_the_device_goes_before_the_chip_and_releases_count(known: Callable[..., None]) -> None:
    known(
        drawing(1, 1, 1),
        replace(drawing(2, 2, 2, chip="jetson-agx-orin-64gb"), until="8.6"),
        replace(drawing(3, 3, 3, chip="jetson-agx-orin-64gb"), since="10.0"),
    )
    found = power_of_unit(AGX, "gpu", "float16")
    assert found is not None
    assert list(found.watts) == [3, 3, 3]
    assert power_of_unit(AGX, "dla", "int8") is None


@drawn(st.floats(1e-5, 10), st.floats(1e-5, 10))
def test_more_time_is_never_less_energy(one: float, other: float) -> None:
    first, second = sorted((one, other))
    a, b = energy_of(spent(gpu=first), NANO).total, energy_of(spent(gpu=second), NANO).total
    assert a is not None
    assert b is not None
    assert a.low <= b.low
    assert a.likely <= b.likely
    assert a.high <= b.high
    assert a.low < a.likely < a.high


def test_what_was_metered_lies_in_the_range() -> None:
    """YOLOv8n in FP16 at MAXN_SUPER: 4.43 ms at 14.14 W."""
    found = energy_of(spent(gpu=4.43e-3), NANO).total
    assert found is not None
    assert found.low < 4.43e-3 * 14.14 < found.high
    assert "idle included" in found.basis


@pytest.mark.parametrize("name", ["tensorrt", "coreml", "tflite"])
def test_the_files_hold_what_they_say(name: str) -> None:
    backend = load_backend(name)
    names = {n for d in all_devices() for n in (d.id, d.chip_id)}
    assert all_powers(name)
    for found in all_powers(name):
        assert found.why
        assert set(found.chips) <= names
        assert set(found.unit) <= set(backend.units)
        assert len(backend.evidence(found.source)) == len(found.source) > 0


def test_no_figure_for_a_phone_that_nobody_metered() -> None:
    target: Target = resolve("galaxy-s23", "qnn")
    unit = target.units[0].name
    found = energy_of(spent(**{unit: 0.01}), target)
    assert found.total is None
    assert "nobody has metered" in found.why
