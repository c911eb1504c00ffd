"""Speeds of the toy's units, so that times can be worked out by hand."""

from __future__ import annotations

import tomllib
from collections.abc import Callable

import msgspec
import pytest

from edgeplan.cost.speeds import Speed, SpeedFile

SPEED = """
unit = ["npu"]
precision = ["float32"]
chips = ["t1"]
floor = 100
launch = { "*" = 10, move = 20 }
gmacs = { "*" = 1, pointwise = 2 }
gbytes = { "*" = 1, weights = 2 }
overlap = 1000
fuses = ["activation", "arithmetic"]
spread = [0.8, 1.25]
fit = { table = "toys", script = "fit", models = 2, rows = 3, error = 0.1, rank = 0.9, covered = 0.8 }
source = { paper = "says so" }
"""

Given = Callable[..., None]


@pytest.fixture
def given(put_speeds: Callable[..., None]) -> Given:
    """Puts these in place of the backend's files: a speed with changes, or whole tables as TOML."""

    def put(tables: str = "", /, speed: bool = True, **changes: object) -> None:
        file = msgspec.convert(tomllib.loads(tables), SpeedFile)
        base = msgspec.convert(tomllib.loads(SPEED) | changes, Speed)
        merged = msgspec.structs.replace(file, speed=(*file.speed, base) if speed else file.speed)
        put_speeds(merged)

    return put
