"""One model rewritten for one target: the findings of both plans, what was done, and what was left and why."""

from __future__ import annotations

import signal
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from edgeplan.finding import Finding, Severity
from edgeplan.frontends.errors import ModelError
from edgeplan.lower.assumed import Scheme
from edgeplan.plan import Plan
from edgeplan.surgery.advice import advice_of, near_misses, trouble
from edgeplan.surgery.binding import bind
from edgeplan.surgery.blank import has_blank_weights
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.equivalence import with_random_weights
from edgeplan.surgery.improve import Dropped, improve
from edgeplan.surgery.ledger import Ledger
from edgeplan.target import Target, resolve

__all__ = ["TARGETS", "Standing", "Step", "Tried", "Trouble", "Where", "bindings_of", "drawn", "standing_of", "tried"]

LIMIT = 600
"""Seconds a model may take on one target."""

_BINDINGS = Path(__file__).parents[1] / "verification" / "bindings.toml"


@dataclass(frozen=True, slots=True)
class Where:
    """A target, and the name it has on the page."""

    name: str
    device: str
    backend: str
    release: str | None = None
    use: tuple[str, ...] = ()
    assume: Scheme | None = None

    def target(self) -> Target:
        """The target itself."""
        return resolve(self.device, self.backend, self.release, use=self.use, assume=self.assume or "")

    @property
    def options(self) -> str:
        """What names it on the command line."""
        said = f"--target {self.device} --backend {self.backend}"
        said += f" --release '{self.release}'" if self.release else ""
        said += "".join(f" --use {unit}" for unit in self.use)
        return said + (f" --assume {self.assume}" if self.assume else "")


TARGETS = (
    Where("Core ML, A16", "iphone14pro", "coreml"),
    Where("Core ML, A12", "iphonexs", "coreml"),
    Where("ORT Core ML, A16", "iphone14pro", "onnxruntime-coreml"),
    Where("QNN, V75", "snapdragon-8-gen-3", "qnn"),
    Where("QNN, V68 w8a8", "snapdragon-888", "qnn", assume="w8a8"),
    Where("SNPE, V75", "snapdragon-8-gen-3", "snpe"),
    Where("LiteRT, Pixel 7", "pixel7", "tflite"),
    Where("TensorRT, Orin", "jetson-orin-nano-8gb", "tensorrt"),
    Where("TensorRT, Xavier DLA", "jetson-agx-xavier", "tensorrt", "JetPack 5.1", ("dla",)),
)


_NOTES = ("EP103", "EP105", "EP501")
"""Notes that count as trouble: nothing is known of an op, it runs badly, or its numbers are out of range."""


class Trouble(msgspec.Struct, frozen=True):
    """A finding of a plan: its code, its row or words (as `edgeplan.surgery.advice.trouble` has them), and its ops."""

    code: str
    what: str
    said: str
    severity: str
    ops: int
    fix: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What makes findings of two plans the same trouble."""
        return self.code, self.what

    @property
    def counts(self) -> bool:
        """Whether it is something that could be cured: no remark on budgets, or on what most of the time goes to."""
        return self.severity != Severity.NOTE.value or self.code in _NOTES


class Standing(msgspec.Struct, frozen=True):
    """What a plan comes to."""

    outcome: str
    complete: bool
    ops: int
    segments: int
    crossings: int
    off: int
    moved: int
    peak: int
    seconds: float | None
    troubles: tuple[Trouble, ...]


class Step(msgspec.Struct, frozen=True):
    """A rewrite that was kept, at how many places, what the plan gained, and the troubles it took away or lessened."""

    name: str
    sites: int
    why: str
    cures: tuple[tuple[str, str, int, int], ...]


class Tried(msgspec.Struct, frozen=True):
    """What came of one model on one target; only `error` where nothing did."""

    model: str
    where: str
    seconds: float
    ops: tuple[int, int] = (0, 0)
    before: Standing | None = None
    after: Standing | None = None
    steps: tuple[Step, ...] = ()
    dropped: tuple[tuple[str, int, str], ...] = ()
    near: tuple[tuple[str, str, int], ...] = ()
    proved: int = 0
    error: str = ""

    @property
    def had(self) -> Mapping[tuple[str, str], Trouble]:
        """What is wrong with the old plan, each trouble once with all its ops."""
        return _merged(self.before.troubles) if self.before else {}

    @property
    def left(self) -> Mapping[tuple[str, str], Trouble]:
        """What is wrong with the new plan."""
        return _merged(self.after.troubles) if self.after else {}


def _merged(troubles: Sequence[Trouble]) -> Mapping[tuple[str, str], Trouble]:
    ops = Counter[tuple[str, str]]()
    found: dict[tuple[str, str], Trouble] = {}
    for one in troubles:
        if one.counts:
            ops[one.key] += one.ops
            found[one.key] = msgspec.structs.replace(one, ops=ops[one.key])
    return found


@cache
def _bindings() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(_BINDINGS.read_text("utf-8"))


def bindings_of(path: Path) -> tuple[dict[str, int], dict[str, Sequence[int]], dict[str, float]]:
    """What the free dimensions of a model are bound to: its usual sizes."""
    bound = _bindings().get(path.stem, {})
    return bound.get("dims", {}), bound.get("inputs", {}), bound.get("values", {})


class _TooLongError(Exception):
    pass


@contextmanager
def _within(seconds: int) -> Iterator[None]:
    """Raises `_TooLongError` in the block when it takes longer."""

    def ring(*_: object) -> None:
        raise _TooLongError(f"took more than {seconds} s")

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def tried(path: Path, where: Where, ledger: Ledger, folder: Path) -> Tried:
    """Rewrite a model for a target, every site proved; what goes wrong is told, not raised.

    A `ledger` that serves all targets of a model makes no proof twice; so does a `folder` for files.
    """
    started = time.process_time()
    try:
        with _within(LIMIT):
            return _tried(path, where, started, ledger, folder)
    except (ModelError, ValueError, _TooLongError) as e:
        return Tried(path.stem, where.name, time.process_time() - started, error=str(e))
    except Exception as e:  # a defect, which the page must show and not hide behind the other models
        return Tried(path.stem, where.name, time.process_time() - started, error=f"{type(e).__name__}: {e}")


def drawn(path: Path, folder: Path) -> Path:
    """A model, or one of its name in `folder` with random weights, where those of the file are all one number.

    Weights that are all zero, or all one, let ops be dropped that a trained model needs.
    """
    place = folder / path.name
    if place.is_file():
        return place
    draft = Draft.open(path)
    if not has_blank_weights(draft.model):
        return path
    with_random_weights(draft, place)
    return place


def _tried(path: Path, where: Where, started: float, ledger: Ledger, folder: Path) -> Tried:
    ops, draft = Draft.open(path).ops, Draft.open(drawn(path, folder))
    bind(draft, *bindings_of(path))
    found = improve(draft, where.target(), ledger=ledger)
    assert found.before is not None
    assert found.after is not None
    steps = tuple(
        Step(a.rewrite, a.sites, a.why, tuple((c.code, c.row, c.ops, c.left) for c in a.cures))
        for a in advice_of(found)
    )
    return Tried(
        path.stem,
        where.name,
        time.process_time() - started,
        (ops, found.draft.ops),
        standing_of(found.before),
        standing_of(found.after),
        steps,
        tuple(_said(d) for d in found.dropped),
        tuple((m.rewrite, m.reason, len(m.ops)) for m in near_misses(found.misses)),
        sum(len(s.sites) for s in found.steps),
    )


def _said(dropped: Dropped) -> tuple[str, int, str]:
    return dropped.rewrite, dropped.sites, dropped.why


def standing_of(plan: Plan) -> Standing:
    """What a plan comes to."""
    taken = {u.unit for u in plan.units if u.accelerator}
    off = [op for op in plan.ops if op.unit not in taken]
    return Standing(
        plan.outcome.value,
        plan.complete,
        len(plan.ops),
        len(plan.segments),
        len(plan.crossings),
        sum(op.macs or 0 for op in off),
        sum(op.moved or 0 for op in off),
        plan.memory.peak.likely,
        plan.latency.total.likely if plan.latency.total is not None else None,
        tuple(_trouble(f) for f in plan.findings),
    )


def _trouble(found: Finding) -> Trouble:
    return Trouble(*trouble(found), found.message, found.severity.value, len(found.ops) or 1, found.fix)
