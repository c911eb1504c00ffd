from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from edgeplan.splitting.question import SplitError
from edgeplan.splitting.split import Choice, SplitPlan
from edgeplan.splitting.way import NOTHING, Kind, Tensor, Way
from edgeplan.surgery.splitting.splitting import split_model

OPS = ("conv", "relu")
UP = Tensor("b", "float32", (1, 4, 6, 6), 576, 288, "fp16")
DOWN = Tensor("y", "float32", (1, 4, 6, 6), 576, 576)


class Named:
    """What of a target, a cloud or a network a manifest keeps."""

    def __init__(self, name: str) -> None:
        self.device = self.id = name


class Planned:
    """As much of a plan as making it takes."""

    def __init__(self, kind: Kind, up: tuple[Tensor, ...] = (), refused: str = "") -> None:
        way = Way(kind, NOTHING, NOTHING, up, (DOWN,) if kind != "device" else (), OPS if kind == "split" else ())
        self.chosen = Choice(way, None, {}, None, None, None, refused=refused)
        self.device, self.cloud, self.network = Named("phone"), Named("server"), Named("lte")


def plan(kind: Kind, up: tuple[Tensor, ...] = (), refused: str = "") -> SplitPlan:
    return cast("SplitPlan", Planned(kind, up, refused))


def test_a_planned_split_is_made(source: Path, tmp_path: Path) -> None:
    made = split_model(source, plan("split", (UP,)), tmp_path / "out").manifest
    assert made.plan == {"target": "phone", "cloud": "server", "network": "lte"}
    assert [(s.name, s.encoding, s.sent_bytes) for s in (*made.boundary, *made.back)] == [
        ("b", "fp16", 288),
        ("y", "raw", 576),
    ]
    assert made.encoding == "fp16"


def test_all_on_one_side_is_one_model(source: Path) -> None:
    assert split_model(source, plan("device")).manifest.cloud is None
    assert split_model(source, plan("cloud")).manifest.device is None


def test_an_input_whose_bytes_were_given_goes_raw(source: Path, tmp_path: Path) -> None:
    photo = Tensor("x", "float32", (1, 3, 8, 8), 768, 100, "given")  # planned as a JPEG, which the model cannot read
    made = split_model(source, plan("cloud", (photo,)), tmp_path / "out").manifest
    assert [(s.name, s.encoding, s.sent_bytes) for s in made.boundary] == [("x", "raw", 768)]
    assert made.encoding == "raw"


def test_what_is_not_allowed_is_not_made(source: Path, tmp_path: Path) -> None:
    with pytest.raises(SplitError, match="nothing is split: it sends the raw input"):
        split_model(source, plan("cloud", refused="it sends the raw input"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_plan_that_sends_something_else_is_not_made(source: Path) -> None:
    with pytest.raises(SplitError, match="the cut sends 'b', and nothing was planned"):
        split_model(source, plan("split"))
