"""Reads the weights of a MIL program: which constants ops read, how they are stored, what they are when expanded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

__all__ = ["Key", "Read", "form", "loaded", "reads", "values"]

Key = tuple[str, str, int]
"""Where a weight is read: the op, its port, and the place in it where a port takes several values."""


@dataclass(frozen=True)
class Read:
    """A constant, or what a `constexpr` op makes of constants, and the first op that reads it.

    `const` is the name it has in the program, `made` the op that makes it, `readers` are the names of all that read it.
    """

    const: str
    op: str
    label: str
    made: Any
    readers: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of its axes, when expanded."""
        return tuple(int(d) for d in self.made.outputs[0].shape)

    @property
    def is_float(self) -> bool:
        """Whether it is made of floats, when expanded."""
        from coremltools.converters.mil.mil import ListVar, types

        var = self.made.outputs[0]
        return not isinstance(var, ListVar) and bool(types.is_float(var.dtype))


def loaded(model: Any) -> Any:
    """The program of a package, in coremltools' own classes."""
    from coremltools.converters.mil.frontend.milproto import load

    spec = model.get_spec()
    return load.load(spec, spec.specificationVersion, model.weights_dir)


def reads(program: Any) -> dict[Key, Read]:
    """Every constant that ops read, once, by the first place where it is read."""
    places: dict[Any, list[tuple[Key, Any]]] = {}
    for function in program.functions.values():
        for op, port, at, var in _inputs(function):
            if var.op is not None and (var.op.op_type == "const" or var.op.op_type.startswith("constexpr_")):
                places.setdefault(var.op, []).append(((op.name, port, at), op))
    return {
        where[0][0]: Read(made.name, where[0][1].name, where[0][1].op_type, made, tuple(k[0] for k, _ in where))
        for made, where in places.items()
    }


def _inputs(block: Any) -> Iterator[tuple[Any, str, int, Any]]:
    """The inputs of the ops of a block and of those inside, but for those that expand weights."""
    for op in block.operations:
        for inner in op.blocks:
            yield from _inputs(inner)
        if op.op_type == "const" or op.op_type.startswith("constexpr_"):
            continue
        for port, given in op.inputs.items():
            for at, var in enumerate(given if isinstance(given, (list, tuple)) else [given]):
                if var is not None:
                    yield op, port, at, var


def values(program: Any) -> dict[Key, Any]:
    """The elements of the constants of a program that has no compressed ones."""
    return {key: read.made.outputs[0].val for key, read in reads(program).items() if read.made.op_type == "const"}


def form(made: Any) -> str:
    """How a weight is stored, as the name of a scheme: `w8`, `w4-block32`, `palette4-group16`, `sparse50-palette4`.

    Empty for one that is stored as it is.
    """
    kind = made.op_type
    if kind == "constexpr_sparse_to_dense":
        part = f"sparse{round(100 * (1 - _kept(made)))}"
        inner = made.nonzero_data.op
        kept = form(inner) if inner is not None else ""
        return f"{part}-{kept}" if kept else part
    if kind in ("constexpr_lut_to_dense", "constexpr_lut_to_sparse"):
        return _palette(made)
    if kind == "constexpr_affine_dequantize":
        return f"w8{'' if made.scale.val.size > 1 or made.outputs[0].shape[0] == 1 else '-tensor'}"
    if kind in ("constexpr_blockwise_shift_scale", "constexpr_sparse_blockwise_shift_scale"):
        return _linear(made)
    return "" if kind == "const" else kind


def _kept(made: Any) -> float:
    """The part of a sparse weight's elements that are stored."""
    size = prod(made.outputs[0].shape)
    return float(prod(made.nonzero_data.shape) / size) if size else 1.0


def _palette(made: Any) -> str:
    """Bits and group of a palette: its axes are those of the weight, then entries, then elements of an entry."""
    shape = made.lut.shape
    if len(shape) == 1:  # before iOS 18: one palette for the whole
        return f"palette{_bits(shape[0])}"
    name = f"palette{_bits(shape[-2])}"
    whole = made.indices.shape if made.op_type == "constexpr_lut_to_dense" else made.indices_mask.shape
    groups = [w // n for n, w in zip(shape[:-2], whole, strict=True) if n > 1]
    return f"{name}-group{groups[0]}" if groups else name


def _bits(entries: int) -> int:
    return max(1, (int(entries) - 1).bit_length())


def _linear(made: Any) -> str:
    """Bits of the integers, and how many share a scale."""
    sparse = made.op_type == "constexpr_sparse_blockwise_shift_scale"
    data = made.nonzero_data if sparse else made.data
    whole = made.data_mask.shape if sparse else data.shape
    name = f"w{data.dtype.get_bitwidth()}"
    blocks = [w // n for n, w in zip(made.scale.shape, whole, strict=True) if 1 < n < w]
    if blocks:
        return f"{name}-block{blocks[0]}"
    return name if prod(made.scale.shape) > 1 or whole[0] == 1 else f"{name}-tensor"
