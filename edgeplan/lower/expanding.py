"""The ops that make floats of a compressed weight, as each dialect writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edgeplan.graph import Attr, DType, Op, Value
from edgeplan.lower.scheme import Scheme

__all__ = ["Expander"]

_OLD_PALETTES = frozenset({1, 2, 4, 6, 8})
"""Bits of a palette's indices that the MIL of iOS 16 knows."""


@dataclass(frozen=True, slots=True)
class Expander:
    """Writes, for a weight of floats, its compressed constants into `values` and the ops that expand it.

    `recent` asks for the forms that MIL has since iOS 18 where it has two.
    """

    scheme: Scheme
    dialect: str
    recent: bool
    values: dict[str, Value] = field(default_factory=dict)

    def ops(self, weight: Value, axes: tuple[int, int], sources: tuple[str, ...]) -> list[Op]:
        """The ops in order; the last one's first output is the weight. `axes` count output and input channels."""
        one = _One(self, weight, weight.sizes or (), axes, sources)
        if self.dialect == "tflite":
            return [one.dequantised_half()]
        if self.dialect != "mil":
            return [one.dequantised()]
        if self.scheme.sparsity:
            return one.sparse()
        return [one.looked_up() if self.scheme.form == "palette" else one.scaled()]


@dataclass(frozen=True, slots=True)
class _One:
    """One weight on its way; every method writes constants and gives the op that reads them.

    Forms as coremltools 9.0 writes them: optimize/coreml/_quantization_passes.py, `_create_constexpr_var`.
    """

    to: Expander
    weight: Value
    shape: tuple[int, ...]
    axes: tuple[int, int]
    sources: tuple[str, ...]

    def _const(self, what: str, dtype: DType | None, shape: tuple[int, ...], quantization: str = "") -> str:
        value = Value(f"{self.weight.name} {what}", dtype, shape, const=True, quantization=quantization)
        self.to.values[value.name] = value
        return value.name

    def _op(
        self, kind: str, inputs: Mapping[str, str], attrs: Mapping[str, Attr] | None = None, version: int = 0
    ) -> Op:
        """An op that makes the weight, marked where its scales lie along two axes, as the lowering to MIL marks it."""
        made = f"{self.weight.name} expanded"
        by_block = self.to.dialect == "mil" and self.to.scheme.per == "block" and sum(n > 1 for n in self._scales) > 1
        self.to.values[made] = replace(self.weight, name=made, quantization="per-block" if by_block else "")
        ports, names = tuple(inputs), tuple(inputs.values())
        return Op(made, kind, names, ports, (made,), attrs or {}, version=version, sources=self.sources)

    @property
    def _kept(self) -> int:
        """Elements that are stored."""
        count = self.weight.elements or 0
        return count - round(count * self.to.scheme.sparsity)

    @property
    def _scales(self) -> tuple[int, ...]:
        """The axes of the scales, of the rank of the weight."""
        scheme, (out, inner) = self.to.scheme, self.axes
        counted = {"tensor": {}, "channel": {out: 1}, "block": {out: 1, inner: scheme.size}}[scheme.per]
        return tuple(size // counted[axis] if axis in counted else 1 for axis, size in enumerate(self.shape))

    @property
    def _palettes(self) -> tuple[int, ...]:
        """The axes of the palettes: those of the weight, one for the entries, one for the length of an entry."""
        scheme, out = self.to.scheme, self.axes[0]
        groups = (size // scheme.size if scheme.size and axis == out else 1 for axis, size in enumerate(self.shape))
        return (*groups, 2**scheme.bits, 1)

    def dequantised(self) -> Op:
        """DequantizeLinear(x, x_scale, axis, block_size)."""
        scheme, (out, inner) = self.to.scheme, self.axes
        by_block = scheme.per == "block"
        scales = self._scales if by_block else (self.shape[out],) if scheme.per == "channel" else ()
        if by_block:
            scales = tuple(size // scheme.size if axis == inner else size for axis, size in enumerate(self.shape))
        data = self._const("quantised", scheme.stored, self.shape, scheme.quantization)
        inputs = {"x": data, "x_scale": self._const("scale", self.weight.dtype, scales)}
        attrs = {"axis": inner, "block_size": scheme.size} if by_block else {"axis": out}
        return self._op("DequantizeLinear", inputs, attrs, 21 if by_block else 19)

    def dequantised_half(self) -> Op:
        """DEQUANTIZE(input), of float16."""
        return self._op("DEQUANTIZE", {"input": self._const("in float16", DType.FLOAT16, self.shape)})

    def scaled(self) -> Op:
        """8 bits: constexpr_affine_dequantize(quantized_data, scale, zero_point, axis); 4 bits, and any in blocks:
        constexpr_blockwise_shift_scale(data, scale).
        """
        scheme, out = self.to.scheme, self.axes[0]
        data = self._const("quantised", scheme.stored, self.shape, scheme.quantization)
        if scheme.bits == 4 or scheme.per == "block":
            scale = self._const("scale", self.weight.dtype, self._scales)
            return self._op("constexpr_blockwise_shift_scale", {"data": data, "scale": scale})
        shape = (self.shape[out],) if scheme.per == "channel" else ()
        inputs = {
            "quantized_data": data,
            "scale": self._const("scale", self.weight.dtype, shape),
            "zero_point": self._const("zero point", scheme.stored, shape),
        }
        return self._op("constexpr_affine_dequantize", inputs, {"axis": out})

    def looked_up(self) -> Op:
        """constexpr_lut_to_dense(indices, lut); in iOS 16 of indices packed into bytes, with the shape."""
        scheme = self.to.scheme
        if self.to.recent or scheme.per == "group" or scheme.bits not in _OLD_PALETTES:
            inputs = {
                "indices": self._const("indices", scheme.stored, self.shape),
                "lut": self._const("palette", self.weight.dtype, self._palettes),
            }
        else:
            packed = ((self.weight.elements or 0) * scheme.bits + 7) // 8
            inputs = {
                "indices": self._const("indices", DType.UINT8, (packed,)),
                "lut": self._const("palette", self.weight.dtype, (2**scheme.bits,)),
                "shape": self._const("shape", DType.UINT32, (len(self.shape),)),
            }
        return self._op("constexpr_lut_to_dense", inputs)

    def sparse(self) -> list[Op]:
        """constexpr_sparse_to_dense(nonzero_data, mask), since iOS 18 of what constexpr_lut_to_sparse(indices_mask,
        indices_nonzero_data, lut) or constexpr_sparse_blockwise_shift_scale(data_mask, nonzero_data, scale) makes.
        """
        scheme = self.to.scheme
        if scheme.form != "float":
            before = self._sparse_palette() if scheme.form == "palette" else self._sparse_scaled()
            mask, nonzero = before.outputs
            return [before, self._op("constexpr_sparse_to_dense", {"nonzero_data": nonzero, "mask": mask})]
        nonzero = self._const("nonzero", self.weight.dtype, (self._kept,))
        if self.to.recent:
            inputs = {"nonzero_data": nonzero, "mask": self._const("mask", DType.UINT1, self.shape)}
        else:
            packed = ((self.weight.elements or 0) + 7) // 8
            inputs = {
                "nonzero_data": nonzero,
                "mask": self._const("mask", DType.UINT8, (packed,)),
                "shape": self._const("shape", DType.UINT32, (len(self.shape),)),
            }
        return [self._op("constexpr_sparse_to_dense", inputs)]

    def _sparse_palette(self) -> Op:
        inputs = {
            "indices_mask": self._const("mask", DType.UINT1, self.shape),
            "indices_nonzero_data": self._const("indices", self.to.scheme.stored, (self._kept,)),
            "lut": self._const("palette", self.weight.dtype, self._palettes),
        }
        return self._halved("constexpr_lut_to_sparse", inputs)

    def _sparse_scaled(self) -> Op:
        scheme = self.to.scheme
        inputs = {
            "data_mask": self._const("mask", DType.UINT1, self.shape),
            "nonzero_data": self._const("quantised", scheme.stored, (self._kept,), scheme.quantization),
            "scale": self._const("scale", self.weight.dtype, self._scales),
        }
        return self._halved("constexpr_sparse_blockwise_shift_scale", inputs)

    def _halved(self, kind: str, inputs: Mapping[str, str]) -> Op:
        """An op whose outputs are the mask and the data behind it."""
        outputs = (
            Value(f"{self.weight.name} expanded mask", DType.UINT1, self.shape, const=True),
            Value(f"{self.weight.name} expanded nonzero", self.weight.dtype, (self._kept,), const=True),
        )
        self.to.values.update((v.name, v) for v in outputs)
        names = tuple(v.name for v in outputs)
        return Op(names[1], kind, tuple(inputs.values()), tuple(inputs), names, sources=self.sources)
