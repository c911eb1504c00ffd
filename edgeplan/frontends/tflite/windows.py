"""Output shapes of ops that work on images, volumes and sequences: convolution, pooling, resizing, recurrence."""

from __future__ import annotations

from edgeplan.frontends.tflite.call import Call, Rule
from edgeplan.graph import Dim, Shape

__all__ = ["WINDOW_RULES"]

_LETTERS = {2: "hw", 3: "dhw"}


def _axes(shape: Shape, rank: int) -> tuple[Dim, ...]:
    if shape is None or len(shape) != rank:
        raise ValueError("not of the rank the op needs")
    return shape


def _window(call: Call, size: Dim, kernel: Dim, letter: str) -> Dim:
    """Positions of a window along one axis. Source: tflite/kernels/padding.h, ComputeOutSize."""
    stride = call.number(f"stride_{letter}") or 1
    if call.attrs.get("padding") == "SAME":
        return size if stride == 1 else -(-size // stride) if isinstance(size, int) else None
    if not isinstance(size, int) or not isinstance(kernel, int):
        return None
    dilation = call.number(f"dilation_{letter}_factor") or 1
    return max(0, size - (kernel - 1) * dilation - 1 + stride) // stride


def _conv(spatial: int, filter_at: int, channels: int) -> Rule:
    """`filter_at` is the filter's first spatial axis, `channels` that of the output channels."""

    def rule(call: Call) -> list[Shape]:
        x, w = _axes(call.shape(0), spatial + 2), _axes(call.shape(1), spatial + 2)
        windows = [_window(call, x[1 + i], w[filter_at + i], letter) for i, letter in enumerate(_LETTERS[spatial])]
        return [(x[0], *windows, w[channels])]

    return rule


def _pool(call: Call) -> list[Shape]:
    x = _axes(call.shape(0), 4)
    kernel = {"h": call.number("filter_height"), "w": call.number("filter_width")}
    return [(x[0], *(_window(call, x[1 + i], kernel[n], n) for i, n in enumerate("hw")), x[3])]


def _given(rank: int) -> Rule:
    """The first input holds the output's shape."""

    def rule(call: Call) -> list[Shape]:
        wanted = call.data(0)
        if wanted is None:
            return [(None,) * rank]
        return [tuple(None if isinstance(d, float) else d for d in wanted)]

    return rule


def _resize(call: Call) -> list[Shape]:
    x, size = _axes(call.shape(0), 4), call.ints(1)
    return [(x[0], *(size or (None, None)), x[3])]


def _by_block(dim: Dim, block: int, grow: bool) -> Dim:
    if not block:
        raise ValueError("a block of 0")
    return None if not isinstance(dim, int) else dim * block if grow else dim // block


def _blocks(grow: bool) -> Rule:
    """Space to depth, or depth to space where the picture grows."""

    def rule(call: Call) -> list[Shape]:
        x, block = _axes(call.shape(0), 4), call.number("block_size")
        sides = (_by_block(d, block, grow) for d in x[1:3])
        return [(x[0], *sides, _by_block(x[3], block * block, not grow))]

    return rule


def _batches(to_space: bool) -> Rule:
    """Batches to space, or space to batches: the batch takes what the picture loses."""

    def rule(call: Call) -> list[Shape]:
        x, blocks, edges = call.shape(0), call.ints(1), call.ints(2)
        if x is None:
            return [None]
        if blocks is None or edges is None:
            return [(None,) * len(x)]
        batch, out = x[0], list(x)
        for i, block in enumerate(blocks):
            edge, size = edges[2 * i] + edges[2 * i + 1], x[1 + i]
            batch = _by_block(batch, block, not to_space)
            if isinstance(size, int):
                out[1 + i] = size * block - edge if to_space else (size + edge) // block
            else:
                out[1 + i] = None
        return [(batch, *out[1:])]

    return rule


def _sequence(call: Call) -> list[Shape]:
    """A recurrence over time gives what goes in, with as many channels as it has units."""
    x = _axes(call.shape(0), 3)
    state = call.shape(4 if call.type.endswith("RNN") else 18)
    return [(*x[:2], state[-1] if state else None)]


def _cell(call: Call) -> list[Shape]:
    """One step of a recurrence: batch by units."""
    x = _axes(call.shape(0), 2)
    if call.type == "SVDF":
        rank, features = call.number("rank") or 1, _axes(call.shape(1), 2)[0]
        return [(x[0], _by_block(features, rank, False))]
    if call.attrs.get("kernel_type") == "BASIC":
        return [None] * call.outputs
    state = call.shape(4 if call.type == "RNN" else 18)
    return [(x[0], state[-1] if state else None)]


WINDOW_RULES: dict[str, Rule] = {
    **dict.fromkeys(("AVERAGE_POOL_2D", "L2_POOL_2D", "MAX_POOL_2D"), _pool),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _resize),
    **dict.fromkeys(("UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN"), _sequence),
    **dict.fromkeys(("LSTM", "RNN", "SVDF"), _cell),
    "BATCH_TO_SPACE_ND": _batches(to_space=True),
    "CONV_2D": _conv(2, 1, 0),
    "CONV_3D": _conv(3, 0, 4),
    "CONV_3D_TRANSPOSE": _given(5),
    "DEPTHWISE_CONV_2D": _conv(2, 1, 3),
    "DEPTH_TO_SPACE": _blocks(grow=True),
    "SPACE_TO_BATCH_ND": _batches(to_space=False),
    "SPACE_TO_DEPTH": _blocks(grow=False),
    "TRANSPOSE_CONV": _given(4),
}
