"""Small made-up targets, so that a test of the machine does not hang on a row of the tables."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import settings

from edgeplan.capability import rows
from edgeplan.capability.rows import Backend, Partitions
from edgeplan.compression import rows as compression
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

COMPRESSION = """
[[scheme]]
names        = ["fp32", "fp16"]
why          = "It computes in floats."
source       = { paper = "floats" }
[[scheme]]
names        = ["w8*"]
min_elements = 100
ops          = ["MatMul", "Conv"]
why          = "It computes in integers."
source       = { paper = "integers" }
[[scheme]]
names        = ["w4"]
verdict      = "degrades"
units        = ["cpu"]
why          = "The NPU knows no half bytes."
source       = { rumour = "no half bytes" }
[[scheme]]
names        = ["w4-block32"]
why          = "By blocks."
source       = { paper = "blocks" }
[[cannot]]
names        = ["palette*"]
why          = "It has no palettes."
source       = { paper = "no palettes" }
[[speed]]
names        = ["w8", "w8-tensor"]
on           = ["npu"]
weights      = 0.5
times        = [0.4, 0.5, 0.6]
why          = "Half the time where it waits for weights."
source       = { paper = "table 3" }
[[speed]]
names        = ["w8"]
on           = ["npu"]
times        = [1, 1, 1]
why          = "The NPU expands weights first."
source       = { rumour = "expands" }
"""
"""What the toy's runtime takes: floats, 8 bits on the NPU, 4 on the CPU alone; and what is known of its speed."""

ToyBackend = Callable[..., Backend]
PutRows = Callable[[str], None]
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


@pytest.fixture
def put_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PutRows]:
    """Puts rows of compression in place of those of the toy's backend; all others then have none."""

    def put(text: str = COMPRESSION) -> None:
        (tmp_path / "toy").mkdir(exist_ok=True)
        (tmp_path / "toy" / "compression.toml").write_text(text, "utf-8")
        compression._read.cache_clear()

    monkeypatch.setattr(compression, "rules_dir", lambda: tmp_path)
    compression._read.cache_clear()
    yield put
    compression._read.cache_clear()


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
