"""Results whose size depends on data, and ops with a state: what delegates of fixed graphs give up."""

from __future__ import annotations

from edgeplan.graph import DType, Op, Value

__all__ = [
    "packs_computed_sizes",
    "result_of_dynamic_size",
    "state_in_variables",
]

_SIZES = {
    "ARG_MAX": ("dim",), "ARG_MIN": ("dim",), "BATCH_TO_SPACE_ND": ("block_shape", "indices"),
    "BROADCAST_TO": ("shape",),
    "CONV_3D_TRANSPOSE": ("output_shape",), "DILATE": ("dilations",), "EXPAND_DIMS": ("dim",), "FILL": ("dims",),
    "MEAN": ("axis",),
    "MIRROR_PAD": ("pad",), "MULTINOMIAL": ("num_samples",), "NON_MAX_SUPPRESSION_V4": ("max_output_size",),
    "NON_MAX_SUPPRESSION_V5": ("max_output_size",), "ONE_HOT": ("depth",), "PAD": ("padding",), "PADV2": ("padding",),
    "RANDOM_STANDARD_NORMAL": ("shape",), "RANDOM_UNIFORM": ("shape",), "RANGE": ("start", "limit", "delta"),
    "REDUCE_ALL": ("reduction_indices",), "REDUCE_ANY": ("reduction_indices",), "REDUCE_MAX": ("axes",),
    "REDUCE_MIN": ("axes",), "REDUCE_PROD": ("axes",), "RESHAPE": ("shape",), "RESIZE_BILINEAR": ("size",),
    "RESIZE_NEAREST_NEIGHBOR": ("size",), "RFFT2D": ("fft_length",), "SCATTER_ND": ("shape",),
    "SEGMENT_SUM": ("input", "segment_ids"), "SLICE": ("begin", "size"),
    "SPACE_TO_BATCH_ND": ("block_shape", "paddings"),
    "SPARSE_TO_DENSE": ("output_shape",), "SPLIT": ("split_dim",), "SPLIT_V": ("size_splits", "split_dim"),
    "STRIDED_SLICE": ("begin", "end", "strides"), "SUM": ("axes",), "TILE": ("multiples",), "TOPK_V2": ("k",),
    "TRANSPOSE": ("perm",), "TRANSPOSE_CONV": ("output_shape",), "UNIQUE": (),
    "UNSORTED_SEGMENT_MAX": ("segment_ids", "num_segments"),
    "UNSORTED_SEGMENT_MIN": ("segment_ids", "num_segments"), "UNSORTED_SEGMENT_PROD": ("segment_ids", "num_segments"),
    "UNSORTED_SEGMENT_SUM": ("segment_ids", "num_segments"), "WHERE": (),
}  # fmt: skip
"""The operands that say how large an op's result is, as its kernel reads them; without any, the data themselves do."""


def result_of_dynamic_size(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The size of the op's result is known only when the model runs."""
    said = op.attrs.get("dynamic")
    if isinstance(said, bool):
        return said  # an op of a file, whose kernel looks at the axes that the file leaves open
    ports = _SIZES.get(op.type)
    if ports is None:
        return False
    deciding = [v for p, v in zip(op.ports, inputs, strict=True) if p in ports and not v.const]
    if ports and all(v.data is not None for v in deciding):
        return False  # constants, and what the runtime computes from shapes while it prepares
    if any(isinstance(d, str) for v in inputs for d in v.shape or ()):
        return None  # a free axis: from its name to its size, the shape that is computed is not followed
    return True


def packs_computed_sizes(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Whole numbers without axes, some of them computed, are packed into one list: a shape."""
    whole = all(v.shape == () and v.dtype in (DType.INT32, DType.INT64) for v in inputs)
    return whole and not all(v.const for v in inputs)


def state_in_variables(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op is recurrent and keeps its state from one run to the next, as all are but an LSTM of kernel type BASIC."""
    return op.attrs.get("kernel_type") != "BASIC"
