"""The rows of a backend's capability table, as they stand in `rules/<backend>/*.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from edgeplan.finding import Confidence, Evidence, confidence
from edgeplan.shipped import shipped

__all__ = [
    "Again",
    "Backend",
    "Growth",
    "Host",
    "Lowering",
    "Partitions",
    "Range",
    "Row",
    "RulesError",
    "Source",
    "UnitSpec",
    "backend_names",
    "decode",
    "load_backend",
    "rules_dir",
]

_T = TypeVar("_T")
Kind = Literal["vendor-doc", "vendor-code", "compiler-run", "device-measured", "reverse-engineered", "community"]


Growth = Literal[
    "columns-by-thread", "columns-of-the-kernel", "gathered-input", "winograd-kernel", "winograd-tiles",
    "zero-filled-kernel",
]  # fmt: skip
"""The formulas of memory that ops may take beside what a plan counts."""

NAMED_UNITS = 3
"""Units that a row's id names one by one."""


class RulesError(Exception):
    """A rules file that breaks its own schema; the message names the file."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a statement was read. `url` is pinned to a commit or release where the host allows it."""

    kind: Kind
    title: str = ""
    url: str = ""
    seen: date | None = None


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An inclusive span of unit generations; an open end is absent."""

    min: str = ""
    max: str = ""


class Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ops, where the facts of `when` hold (as in a row), that go to another unit as soon as any other op does."""

    ops: tuple[str, ...]
    source: Mapping[str, str]
    when: Mapping[str, Any] = {}


class Partitions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a runtime thins out the parts of a graph that a unit could take; what it leaves out goes to the next unit.

    `most` parts are kept, those of most ops first (0 is all); parts of fewer than `least` ops are left out; `head`
    keeps the first part alone; `idle` leaves out parts that hold no other ops than those it names. `since` is the
    release with which that began. `whole` are ops that the unit runs only where it runs the whole graph. `grouping`
    says how parts come about: as LiteRT's, or as ONNX Runtime groups nodes for a provider.
    """

    source: Mapping[str, str]
    most: int = 0
    least: int = 0
    head: bool = False
    idle: tuple[str, ...] = ()
    since: str = ""
    whole: Whole | None = None
    grouping: Literal["litert", "onnxruntime"] = "litert"


class Host(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Small work that a runtime keeps on the host though a unit could do it: what is computed from results made there.

    `makes` are ops whose results lie on the host wherever they run, `reads` the ports that ops of the unit read on the
    host. `small` is how many elements a constant may have to be at hand; tensors of the types `never` stay.
    """

    makes: tuple[str, ...]
    reads: Mapping[str, tuple[str, ...]]
    small: int
    never: tuple[str, ...]
    source: Mapping[str, str]


class Again(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A later span of releases in which a runtime drives a unit it had given up, on the named devices only."""

    source: Mapping[str, str]
    devices: tuple[str, ...]
    since: str = ""
    until: str = ""


class UnitSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A compute unit of a backend, in the order in which the runtime prefers them.

    `generations` lists the hardware generations oldest first. `optional` units are used only when asked for by name,
    `instead` of the unit of that name where there is one.
    `hardware` is the chip's unit it runs on when that has another name.
    """

    title: str
    accelerator: bool = False
    optional: bool = False
    instead: str = ""
    hardware: str = ""
    generations: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    source: Mapping[str, str] = {}
    again: tuple[Again, ...] = ()
    partitions: Partitions | None = None
    host: Host | None = None


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence: on `unit`, since a release, `ops` run, degrade or are refused when the facts hold, because `why`.

    `code` names the finding to raise where the usual one (EP101, EP104, EP105) would say less. `features` are those
    the chip's unit must have for the row to speak, `lacks` those it must not have. `scope` is what a refusal takes
    with it: the op alone, every op of the unit (its compilation fails as a whole), or the model (nothing is left that
    could run it). `memory` names the formula (`edgeplan.memory.quirks`) of the bytes that the ops may take beside what
    a plan counts; such a row says nothing of where an op runs.
    """

    id: str
    ops: tuple[str, ...]
    unit: tuple[str, ...]
    verdict: Literal["runs", "degrades", "refuses"]
    source: Mapping[str, str]
    why: str = ""
    when: Mapping[str, Any] = {}
    unless: Mapping[str, Any] = {}
    check: str = ""
    since: str = ""
    until: str = ""
    generation: Range = Range()
    precision: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    scope: Literal["op", "unit", "model"] = "op"
    code: str = ""
    memory: Growth | Literal[""] = ""
    fix: tuple[str, ...] = ()
    against: Mapping[str, str] = {}
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    row: tuple[Row, ...] = ()


class Lowering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the runtime does to a graph before it looks at single ops.

    `fuse` names fusions of `edgeplan.lower.fuse`, in order; `since` those among them that a later release began with;
    `keep` ops that it runs even where they change nothing.
    """

    fuse: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    since: Mapping[str, str] = {}
    source: Mapping[str, str] = {}


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    dialect: Literal["onnx", "mil", "tflite"]
    unit: Mapping[str, UnitSpec]
    releases: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    precision: Literal["model", "float16", "float32"] = "model"
    confirm: str = ""
    resizes: bool = True
    alias: Mapping[str, str] = {}
    lower: Lowering = Lowering()
    source: Mapping[str, Source] = {}


class Backend:
    """A runtime: its units, releases, sources and rows. Built by `load_backend`; read-only.

    One that never `resizes` inputs runs a model at the sizes its file holds. `quirks` are the rows about memory alone,
    which are in none of the `rows`.
    """

    def __init__(self, name: str, head: _Head, rows: tuple[Row, ...]) -> None:
        self.name = name
        self.title = head.title
        self.dialect = head.dialect
        self.units = head.unit
        self.releases = head.releases
        self.precision = head.precision
        self.confirm = head.confirm
        self.resizes = head.resizes
        self.alias = head.alias
        self.lowering = head.lower
        self.sources = head.source
        self.rows = tuple(row for row in rows if not row.memory)
        self.quirks = tuple(row for row in rows if row.memory)

    def fusions(self, release: str) -> tuple[str, ...]:
        """The names of what a release fuses, in order."""
        since = self.lowering.since
        return tuple(f for f in self.lowering.fuse if self.covers(since.get(f, ""), "", release))

    @property
    def newest(self) -> str:
        """The newest release the rows know."""
        return self.releases[-1]

    def covers(self, since: str, until: str, release: str) -> bool:
        """Whether a span of releases, both ends included and open where empty, holds a release."""
        order = self.releases
        at = order.index(release)
        return (not since or order.index(since) <= at) and (not until or at <= order.index(until))

    def row_id(self, row: Row) -> str:
        """The id a report shows: backend, units (`all` of them, or `many` where naming them would be long), row."""
        every = len(row.unit) == len(self.units)
        units = "+".join(row.unit) if len(row.unit) <= NAMED_UNITS else "all" if every else "many"
        return f"{self.name}/{units}/{row.id}"

    def evidence(self, said: Mapping[str, str]) -> tuple[Evidence, ...]:
        """A row's `source` or `against` table, resolved against the backend's sources."""
        return tuple(Evidence(k, self.sources[k].kind, words, self.sources[k].url) for k, words in said.items())

    def confidence(self, row: Row) -> Confidence:
        """How far the row can be trusted, from its evidence and what speaks against it."""
        return confidence(self.evidence(row.source), disputed=bool(row.against))

    def find(self, row_id: str) -> Row | None:
        """The row with this id, full (`coreml/ane/conv-dilated`) or short (`conv-dilated`)."""
        return next((r for r in (*self.rows, *self.quirks) if row_id in (self.row_id(r), r.id)), None)


def rules_dir() -> Path:
    """The rules folder: inside the installed package, or beside it in a source checkout."""
    return shipped("_rules", "rules")


def backend_names() -> tuple[str, ...]:
    """The backends that have a folder under `rules/`, by name."""
    return tuple(sorted(p.parent.name for p in rules_dir().glob("*/backend.toml")))


def decode(path: Path, kind: type[_T], where: str = "") -> _T:
    """A file of `rules/` as the type it has to have. Raises `RulesError` on a broken one, which names it as `where`:
    by its folder and name unless told.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as e:
        raise RulesError(f"{where or f'{path.parent.name}/{path.name}'}: {e}") from None


_NO_ROWS = ("backend.toml", "compression.toml", "memory.toml", "widths.toml")


def _row_files(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.glob("*.toml")) if p.name not in _NO_ROWS)


@lru_cache(maxsize=16)
def load_backend(name: str) -> Backend:
    """Read one backend's folder. Raises `RulesError` on a broken file, `KeyError` when there is no such backend."""
    folder = rules_dir() / name
    if not (folder / "backend.toml").is_file():
        raise KeyError(name)
    head = decode(folder / "backend.toml", _Head)
    rows = tuple(row for path in _row_files(folder) for row in decode(path, _File).row)
    return Backend(name, head, rows)
