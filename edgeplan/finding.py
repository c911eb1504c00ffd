"""What edgeplan tells: findings with their codes, and the evidence each one stands on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

__all__ = ["CODES", "Code", "Confidence", "Evidence", "Finding", "Severity", "confidence"]


class Severity(Enum):
    """How much a finding matters; the order is the order of `--fail-on`."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for a note, 2 for an error."""
        return ("note", "warning", "error").index(self.value)


class Confidence(Enum):
    """How far to trust a statement, derived from the kind of its evidence."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


KINDS: Mapping[str, Confidence] = {
    "vendor-doc": Confidence.HIGH,
    "vendor-code": Confidence.HIGH,
    "compiler-run": Confidence.HIGH,
    "device-measured": Confidence.HIGH,
    "reverse-engineered": Confidence.MEDIUM,
    "community": Confidence.LOW,
}
"""Evidence kinds, best first, and the confidence each one gives."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A source, and the words in it that say so."""

    key: str
    kind: str
    words: str
    url: str = ""


def confidence(evidence: Iterable[Evidence], disputed: bool = False) -> Confidence:
    """The confidence of the best evidence, one step lower when other evidence speaks against it."""
    ranks = [list(Confidence).index(KINDS[e.kind]) for e in evidence]
    best = min(ranks, default=2)
    return list(Confidence)[min(best + disputed, 2)]


@dataclass(frozen=True, slots=True)
class Finding:
    """One trouble, said once for all the ops it touches.

    `row` is the rule's id (`coreml/ane/conv-dilated`) where a rule found it, else empty. `macs_share` and `bytes_share`
    are the parts of the model's work (0 to 1) that the ops do, None where not known. `fix` names rewrites that may cure
    it (`rewrite/pad-to-concat`), or do, where they were tried.
    """

    code: str
    severity: Severity
    message: str
    ops: tuple[str, ...] = ()
    row: str = ""
    confidence: Confidence = Confidence.HIGH
    evidence: tuple[Evidence, ...] = ()
    against: tuple[Evidence, ...] = ()
    fix: tuple[str, ...] = ()
    macs_share: float | None = None
    bytes_share: float | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of trouble: its stable id, its name (never the cure), and how severe it is unless a stage says more."""

    id: str
    name: str
    severity: Severity


def _table(*rows: tuple[str, str, Severity]) -> Mapping[str, Code]:
    return {i: Code(i, n, s) for i, n, s in rows}


CODES: Mapping[str, Code] = _table(
    ("EP001", "unbound-dimension", Severity.WARNING),
    ("EP002", "data-dependent-shape", Severity.WARNING),
    ("EP003", "shape-not-inferred", Severity.WARNING),
    ("EP004", "weights-file-missing", Severity.WARNING),
    ("EP101", "off-accelerator", Severity.WARNING),
    ("EP102", "fragmented-graph", Severity.WARNING),
    ("EP103", "unknown-support", Severity.NOTE),
    ("EP104", "unsupported-op", Severity.ERROR),
    ("EP105", "degraded-op", Severity.NOTE),
    ("EP106", "dynamic-shape-off-accelerator", Severity.WARNING),
    ("EP107", "unknown-everywhere", Severity.WARNING),
    ("EP108", "compilation-fails", Severity.ERROR),
    ("EP109", "part-left-out", Severity.WARNING),
    ("EP201", "memory-over-budget", Severity.ERROR),
    ("EP202", "size-over-budget", Severity.ERROR),
    ("EP203", "memory-near-limit", Severity.WARNING),
    ("EP204", "memory-limit-unknown", Severity.NOTE),
    ("EP205", "memory-may-grow", Severity.NOTE),
    ("EP301", "latency-over-budget", Severity.ERROR),
    ("EP302", "latency-may-exceed-budget", Severity.WARNING),
    ("EP303", "latency-not-known", Severity.NOTE),
    ("EP304", "floor-dominated", Severity.NOTE),
    ("EP305", "memory-bound", Severity.NOTE),
    ("EP306", "crossing-dominated", Severity.WARNING),
    ("EP307", "accelerator-slower-than-cpu", Severity.WARNING),
    ("EP308", "structural-cost", Severity.NOTE),
    ("EP309", "channels-wasted", Severity.NOTE),
    ("EP401", "redundant-ops", Severity.NOTE),
    ("EP402", "transposes-move-much", Severity.NOTE),
    ("EP501", "beyond-float16", Severity.WARNING),
    ("EP601", "weights-dominate", Severity.NOTE),
    ("EP602", "activations-dominate", Severity.NOTE),
    ("EP603", "quantised-not-faster", Severity.NOTE),
    ("EP701", "ways-not-apart", Severity.WARNING),
    ("EP702", "no-split-allowed", Severity.ERROR),
    ("EP703", "cloud-only-ops", Severity.NOTE),
    ("EP704", "device-only-ops", Severity.NOTE),
    ("EP705", "no-fallback", Severity.WARNING),
    ("EP706", "split-time-not-known", Severity.WARNING),
    ("EP707", "boundary-not-sized", Severity.WARNING),
    ("EP708", "raw-input-leaves", Severity.NOTE),
    ("EP709", "time-left-out", Severity.NOTE),
    ("EP710", "link-loses-packets", Severity.NOTE),
    ("EP901", "memory-not-planned", Severity.WARNING),
    ("EP902", "work-not-counted", Severity.NOTE),
)
"""Every code edgeplan can raise. Each has a page that `edgeplan explain` prints."""
