"""The builder of a MIL graph: several outputs an op, and source ops that one lowering does together with its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from edgeplan.graph import Attr, Body, DType, Op, Shape
from edgeplan.lower import builder

__all__ = ["Builder"]


class Builder(builder.Builder):
    """Ops and values of one MIL graph."""

    @cached_property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The tensors of the sequences that a lowering has taken apart, by the sequence's name."""
        return {}

    @cached_property
    def real(self) -> DType:
        """The type that floats are computed in, for integers on their way through an op that takes floats."""
        return self._retype(DType.FLOAT32)

    def absorb(self, *ops: Op) -> None:
        """Say that the op emitted last does the work of these source ops too: they are not lowered on their own."""
        names = [n for op in ops for n in (op.sources or (op.name,))]
        self.ops[-1] = replace(self.ops[-1], sources=tuple(dict.fromkeys((*self.ops[-1].sources, *names))))
        self.absorbed.update(name for op in ops for name in op.outputs)

    def several(
        self,
        type: str,
        inputs: builder.Inputs,
        outputs: Sequence[tuple[Shape, DType | None] | str],
        attrs: Mapping[str, Attr] | None = None,
        bodies: tuple[Body, ...] = (),
    ) -> tuple[str, ...]:
        """Add one op with several outputs and return their names.

        An output is a source value by name, or a new intermediate of a shape and a dtype (None: the first input's).
        """
        names = tuple(
            self.emit(type, inputs, to=out, attrs=attrs, bodies=bodies)
            if isinstance(out, str)
            else self.emit(type, inputs, out[0], dtype=out[1], attrs=attrs, bodies=bodies)
            for out in outputs
        )
        first = self.ops[-len(names)]
        del self.ops[-len(names) :]
        self.ops.append(replace(first, outputs=names))
        return names
