from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeplan.target import Target, resolve
from edgeplan.verify.referees import Chip, Referee, load_referee
from edgeplan.verify.stand_in import StandIn, stand_in

Toy = Callable[..., Target]
Referees = Callable[..., Referee]


def test_the_referee_s_release_and_unit_stand_in(toy: Toy, referees: Referees) -> None:
    found = stand_in(toy(units=("npu", "gpu", "cpu"), release="2"), referees(unit="gpu"))
    assert isinstance(found, StandIn)
    assert [u.name for u in found.target.units] == ["gpu", "cpu"]
    assert found.target.release == "3"
    assert found.notes == ("it is not asked about the NPU", "it speaks for Toy 3, the device runs Toy 2")


def test_nothing_is_noted_where_nothing_differs(toy: Toy, referees: Referees) -> None:
    found = stand_in(toy(release="3"), referees())
    assert isinstance(found, StandIn)
    assert found.notes == ()


def test_a_generation_can_be_stood_for(toy: Toy, referees: Referees) -> None:
    chip = Chip("T-two", ("N1",), "N2", "N2 stands for N1")
    found = stand_in(toy(release="3"), referees(chips="generation", chip=(chip,)))
    assert isinstance(found, StandIn)
    assert found.chip == "T-two"
    assert found.target.unit("npu").generation == "N2"
    assert found.notes == ("N2 stands for N1",)


def test_a_chip_without_a_name_has_no_answer(toy: Toy, referees: Referees) -> None:
    chip = Chip("T-two", ("N2",))
    assert "has no name for the NPU" in str(stand_in(toy(), referees(chips="generation", chip=(chip,))))
    assert "has no name for the NPU" in str(stand_in(toy(), referees(chips="soc_model")))


def test_another_backend_or_unit_is_not_spoken_for(toy: Toy, referees: Referees) -> None:
    assert "does not use" in str(stand_in(toy(), referees(backend="other")))
    assert "does not use" in str(stand_in(toy(units=("cpu",)), referees()))


@pytest.mark.parametrize(
    ("device", "backend", "referee", "chip"),
    [
        ("jetson-orin-nano", "tensorrt", "tensorrt-rtx", "SM86"),
        ("snapdragon-8-gen-3", "qnn", "qnn-htp", "57"),
        ("snapdragon-778g", "qnn", "qnn-htp", "35"),
        ("pixel8", "tflite", "litert-cpu", ""),
        ("pixel8", "tflite", "litert-gpu", ""),
    ],
)
def test_real_devices_have_their_referees(device: str, backend: str, referee: str, chip: str) -> None:
    found = stand_in(resolve(device, backend), load_referee(referee))
    assert isinstance(found, StandIn)
    assert found.chip == chip
    assert found.target.units[0].name == load_referee(referee).unit


def test_the_dla_is_not_asked_about() -> None:
    found = stand_in(resolve("jetson-agx-orin-64gb", "tensorrt", "10.3", use=("dla",)), load_referee("tensorrt-rtx"))
    assert isinstance(found, StandIn)
    assert found.notes[0] == "it is not asked about the DLA"
