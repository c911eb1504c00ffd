"""What a referee said of a model: op by op where it tells, with its own words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec

__all__ = ["Answer", "Fact", "Kernel", "NodeSaid", "Said", "Status"]


class Status(Enum):
    """How the asking ended. Only `compiled` means that the compiler did all it does."""

    COMPILED = "compiled"
    REFUSED = "refused"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    MISSING = "missing"


class NodeSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the compiler put one op of the model it was given: a unit as edgeplan calls it, empty for none.

    `name` is the op's name in that model (an index for .tflite files), `words` the compiler's reason for a refusal.
    """

    name: str
    type: str
    unit: str
    words: str = ""


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure the compiler prints, as `weights` in `bytes`; `unit` is `bytes`, `ops` or `partitions`."""

    name: str
    value: int
    unit: str


class Kernel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kernel or layer the compiler made, with the ops of the model that went into it, where it names them."""

    name: str
    type: str
    ops: tuple[str, ...] = ()


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the asking process wrote last. It may write more than once: what stood when it died is kept.

    `done` says that the compiler came to its end, `error` is its complaint when it did not, `missing` names what is
    not installed. `partitions` counts the parts of the graph by unit, `notes` hold what else it said, by topic.
    """

    versions: Mapping[str, str] = {}
    done: bool = False
    error: str = ""
    missing: str = ""
    nodes: tuple[NodeSaid, ...] = ()
    partitions: Mapping[str, int] = {}
    facts: tuple[Fact, ...] = ()
    kernels: tuple[Kernel, ...] = ()
    notes: Mapping[str, str] = {}


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The end of one asking: `words` says in a line what went wrong; `seconds` and `peak` (bytes) are the process's."""

    referee: str
    chip: str
    status: Status
    said: Said
    words: str = ""
    seconds: float = 0.0
    peak: int = 0
    system: str = ""
