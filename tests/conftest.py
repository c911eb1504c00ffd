"""Small made-up targets, so that a test of the machine does not hang on a row of the tables."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping

import msgspec
import pytest
from hypothesis import settings

from edgeplan.capability import rows
from edgeplan.capability.rows import Backend, Partitions
from edgeplan.cost import speeds
from edgeplan.cost.speeds import SpeedFile
from edgeplan.devices import Chip, Device
from edgeplan.target import Budget, Target, Unit

settings.register_profile("untimed", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("untimed")

HEAD = """
title    = "Toy"
dialect  = "onnx"
releases = ["1", "2", "3"]
confirm  = "Run the toy."
[lower]
fuse = ["affine"]
[unit.npu]
title       = "NPU"
accelerator = true
generations = ["N1", "N2"]
[unit.gpu]
title       = "GPU"
accelerator = true
[unit.kernels]
title    = "fast kernels"
hardware = "cpu"
[unit.cpu]
title = "CPU"
[source.paper]
kind  = "vendor-doc"
title = "A paper"
url   = "https://example.org/paper"
seen  = 2026-01-01
[source.rumour]
kind  = "community"
title = "A rumour"
url   = "https://example.org/rumour"
seen  = 2026-01-01
"""

SPEED = {
    "unit": ["npu"],
    "precision": ["float32", "int8"],
    "chips": ["t1"],
    "launch": {"*": 10},
    "gmacs": {"*": 100},
    "gbytes": {"*": 10, "weights": 10},
    "floor": 100,
    "spread": [0.8, 1.25],
    "fit": {
        "table": "toys", "script": "benchmarks/toys.py", "models": 20, "rows": 30, "error": 0.1, "rank": 0.97,
        "covered": 0.8,
    },
    "source": {"paper": "table 1"},
}  # fmt: skip
"""An NPU of 100 GMAC/s and 10 GB/s that takes 10 us for a launch and 100 us for any run."""

ToyBackend = Callable[..., Backend]
PutSpeeds = Callable[..., None]
ToySpeeds = Callable[..., None]
ToyTarget = Callable[..., Target]


def _row(text: str) -> str:
    """A row's TOML with what every row needs and no test is about."""
    extra = "" if "source" in text else '\nsource = { paper = "says so" }'
    return f"[[row]]\n{text}{extra}\n"


@pytest.fixture
def put_speeds(monkeypatch: pytest.MonkeyPatch) -> PutSpeeds:
    """Puts a file in place of the speeds of a backend, the toy's if none is named; all others then have none."""

    def put(file: SpeedFile, backend: str = "toy") -> None:
        monkeypatch.setattr(speeds, "_read", lambda name: file if name == backend else SpeedFile())

    return put


@pytest.fixture
def toy_speeds(put_speeds: PutSpeeds) -> ToySpeeds:
    """Puts speeds in place of those of the toy's backend: each what differs from `SPEED`."""

    def put(*changes: Mapping[str, object], crossing: tuple[Mapping[str, object], ...] = ()) -> None:
        put_speeds(msgspec.convert({"speed": [SPEED | c for c in changes], "crossing": list(crossing)}, SpeedFile))

    return put


@pytest.fixture(scope="session")
def toy_backend() -> ToyBackend:
    """A backend of the given rows, each the inside of a `[[row]]` table; `head` is put before the units."""

    def make(*texts: str, head: str = HEAD) -> Backend:
        file = msgspec.convert(tomllib.loads("\n".join(map(_row, texts))), rows._File)
        return Backend("toy", msgspec.convert(tomllib.loads(head), rows._Head), file.row)

    return make


@pytest.fixture(scope="session")
def toy(toy_backend: ToyBackend) -> ToyTarget:
    """A target of an NPU (generation N1), a GPU and a CPU at release 2, whose backend has the given rows."""

    def make(
        *texts: str,
        units: tuple[str, ...] = ("npu", "cpu"),
        release: str = "2",
        precision: str = "model",
        limit: int | None = 2**30,
        guidance: int | None = None,
        given: int | None = None,
        partitions: Mapping[str, object] | None = None,
    ) -> Target:
        backend = toy_backend(*texts)
        thinned = partitions or {}
        found = tuple(
            Unit(
                name,
                spec.title,
                spec.accelerator,
                spec.generations[0] if spec.generations else "",
                hardware=spec.hardware,
                partitions=Partitions({"paper": "says so"}, **thinned[name]) if name in thinned else None,
            )
            for name, spec in backend.units.items()
            if name in units
        )
        device = Device("toy", "Toy Phone", "toys", "t1", Chip("T1"), {}, (), (), {})
        basis = "no limit is published for this device" if limit is None else "app limit"
        budget = Budget(limit, guidance, 2**32, "" if limit is None else "measured", basis, (), given)
        return Target(device, backend, release, found, precision, budget)

    return make
