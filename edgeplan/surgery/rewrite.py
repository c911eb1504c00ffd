"""What a rewrite is: it looks at one op and answers with a replacement, a near miss with its reason, or nothing.

A rewrite changes nothing itself. The nodes it makes stand beside the graph until `edgeplan.surgery.apply` has them
proved equal and puts them in; so looking is free, and a refusal costs nothing to undo.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeplan.surgery.claim import Claim

__all__ = ["Array", "Context", "Edit", "Folded", "NearMiss", "Replacement", "Rewrite", "Stage"]

Array = NDArray[Any]


class Stage(IntEnum):
    """When a rewrite has its turn. All but the last kind are kept when the plan gets no worse, those when it is better.

    TIDY leaves fewer ops on any runtime and changes no bit, unless a sum is taken in another order; FOLD computes
    weights beforehand; FUSE writes a pattern as the one op it is; FORM changes the form of an op because one runtime or
    another wants it.
    """

    TIDY = 0
    FOLD = 1
    FUSE = 2
    FORM = 3


@dataclass(frozen=True, slots=True)
class Context:
    """What a rewrite may know beside the op: the model's opsets by domain (the standard one is "")."""

    opsets: Mapping[str, int]

    @property
    def opset(self) -> int:
        """The standard operators' version."""
        return self.opsets.get("", 0)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """The op looks like what a rewrite is for, but a precondition does not hold: `reason` completes "not here: "."""

    reason: str


@dataclass(frozen=True, slots=True)
class Folded:
    """A new constant as a function of old ones, so that weights are read only when the new model is written.

    `compute` takes the contents of `sources` as arrays (floats as float64) and gives those of `value`; they are
    rounded to the type of `value` once. A proof calls it with other weights than the model's.
    """

    value: ir.Value
    compute: Callable[..., Array]
    sources: tuple[ir.Value, ...]


@dataclass(frozen=True, slots=True)
class Replacement:
    """New nodes for old ones: `outputs` pairs each value that is read elsewhere with the one that takes its place.

    Of `old`, the nodes stay whose results something else still reads.
    """

    old: tuple[ir.Node, ...]
    new: tuple[ir.Node, ...]
    outputs: tuple[tuple[ir.Value, ir.Value], ...]
    folded: tuple[Folded, ...]


class Edit(Tape):
    """Builds a replacement: `op` (see `onnx_ir.tape.Tape`) makes a node, `constant` and `folded` make constants."""

    def __init__(self) -> None:
        super().__init__()
        self._folded: list[Folded] = []

    def constant(self, contents: Any, dtype: ir.DataType | None = None, name: str = "constant") -> ir.Value:
        """A small new constant: `contents` an array or (nested) sequence; int64 or float32 unless `dtype` says else."""
        exact = array = np.asarray(contents)
        if dtype is not None:
            array = exact.astype(dtype.numpy())
        elif exact.dtype.kind == "f" and not isinstance(contents, np.ndarray):
            array = exact.astype(np.float32)
        value = ir.Value(name=name, const_value=ir.Tensor(array), shape=ir.Shape(array.shape))
        value.dtype = ir.DataType.from_numpy(array.dtype)
        self._folded.append(Folded(value, lambda: exact, ()))  # a proof in float64 wants it unrounded
        return value

    def folded(
        self,
        compute: Callable[..., Array],
        *sources: ir.Value,
        shape: Sequence[int],
        dtype: ir.DataType | None = None,
        name: str = "",
    ) -> ir.Value:
        """A new constant that `compute` makes of the constants `sources`; its type is the first one's by default."""
        value = ir.Value(name=name or sources[0].name or "folded", shape=ir.Shape(list(shape)))
        value.dtype = dtype or sources[0].dtype  # type: ignore[assignment]  # onnx_ir takes None, and says it does not
        self._folded.append(Folded(value, compute, sources))
        return value

    def adopt(self, nodes: Sequence[ir.Node]) -> None:
        """Take in nodes that were made elsewhere and are in no graph, as copies of a body's are."""
        self._nodes.extend(nodes)

    def typed(self, value: ir.Value, like: ir.Value | None = None, shape: Sequence[Any] | None = None) -> ir.Value:
        """The same new value, told its type (that of `like`) and shape, for rewrites that look at it in their turn."""
        if like is not None and like.dtype is not None:
            value.dtype = like.dtype
        if shape is not None:
            value.shape = ir.Shape(list(shape))
        return value

    def replaces(self, old: Sequence[ir.Node], outputs: Mapping[ir.Value, ir.Value]) -> Replacement:
        """The replacement of `old` by what was made: each key of `outputs` is from now on its value."""
        return Replacement(tuple(old), tuple(self.nodes), tuple(outputs.items()), tuple(self._folded))


class Rewrite(ABC):
    """One rewrite: one file under `edgeplan/surgery/rewrites`, whose module docstring is its page.

    The docstring's first line is a title; then come the programs before and after, the algebra, and when it must not
    be done. Evidence of what it gains on which backend lies in `rules/rewrites/<id>.toml`.
    """

    id: ClassVar[str]
    """Its name on the command line: `pad-into-conv`, in the file `pad_into_conv.py`."""
    claim: ClassVar[Claim]
    stage: ClassVar[Stage]
    roots: ClassVar[frozenset[str]]
    """The op types it is tried on: the last op of the pattern, so that one look settles it."""
    domains: ClassVar[frozenset[str]] = frozenset({""})
    undone_by: ClassVar[frozenset[str]] = frozenset()
    """Rewrites that would turn what this one makes back: they leave its nodes alone."""

    @abstractmethod
    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """What to put in place of the pattern that ends in `node`; a near miss; None where it has nothing to say."""
