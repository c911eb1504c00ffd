"""What the builtin kernels of recurrent ops ask for: the gates of one step, and quantised copies of float inputs.

Source: google-ai-edge/LiteRT@f67457790, Prepare in tflite/kernels/lstm.cc, unidirectional_sequence_lstm.cc,
bidirectional_sequence_lstm.cc, basic_rnn.cc, unidirectional_sequence_rnn.cc, bidirectional_sequence_rnn.cc, svdf.cc.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from edgeplan.graph import DType
from edgeplan.memory.runtimes.litert.call import Call, Temporary

__all__ = ["bidirectional_lstm", "bidirectional_rnn", "lstm", "rnn", "sequence_lstm", "sequence_rnn", "svdf"]


def lstm(call: Call) -> Iterator[Temporary]:
    """One step. The kernel of type BASIC keeps its scratch memory in two of its outputs."""
    if call.op.attrs.get("kernel_type") != "BASIC":
        yield from _lstm(call, call.dims("input")[0], spare=0)


def sequence_lstm(call: Call) -> Iterator[Temporary]:
    """Many steps: the memory of one, with 16 more elements for each sequence."""
    yield from _lstm(call, _batch(call), spare=16)


def _lstm(call: Call, batch: int, spare: int) -> Iterator[Temporary]:
    cells = call.dims("input_to_output_weights")[0]
    if call.value("input").dtype is DType.INT8:
        yield from (Temporary(width * batch * cells) for width in (2, 2, 2, 2, 1, 4))
        return
    yield Temporary(call.width("input") * batch * _gates(call, "", cells, spare))
    if call.hybrid("input", "input_to_output_weights"):
        yield Temporary(prod(call.dims("input")))
        yield Temporary(prod(call.dims("input_activation_state")))
        yield Temporary(prod(call.dims("input_cell_state")))
        yield from (Temporary(4 * batch) for _ in range(3))  # scales
        yield Temporary(4 * cells)  # the diagonal weights of the cell, as floats
        yield Temporary(4 * batch * cells)  # sums
        yield from (Temporary(4 * batch) for _ in range(2))  # zero points
        yield Temporary(4 * cells * _row_sums(call, "", cells), "persistent")


def bidirectional_lstm(call: Call) -> Iterator[Temporary]:
    """Both directions at once."""
    batch, aux = _batch(call), call.has("aux_input")
    fw, bw = (call.dims(f"{way}_input_to_output_weights")[0] for way in ("fw", "bw"))
    yield Temporary(call.width("input") * batch * _gates(call, "fw_", fw, 16))
    yield Temporary(call.width("input") * batch * _gates(call, "bw_", bw, 0))
    if not call.hybrid("input", "fw_input_to_output_weights"):
        return
    yield Temporary(prod(call.dims("input")))
    for state in ("activation", "cell"):
        yield from (Temporary(prod(call.dims(f"{way}_input_{state}_state"))) for way in ("fw", "bw"))
    yield from (Temporary(4 * batch) for _ in range(4))  # scales
    yield Temporary(4 * fw)  # the diagonal weights of the cell, as floats
    yield Temporary(4 * batch * max(fw, bw))  # sums
    yield from (Temporary(4 * batch) for _ in range(3))  # zero points
    for way, cells in (("fw_", fw), ("bw_", bw)):
        more = (4 if call.has(f"{way}input_to_input_weights") else 3) if aux else 0
        yield Temporary(4 * cells * (_row_sums(call, way, cells) + more), "persistent")
    if aux:
        yield Temporary(prod(call.dims("aux_input")))


def rnn(call: Call) -> Iterator[Temporary]:
    """One step."""
    yield from _rnn(call, call.dims("input")[0], "weights")


def sequence_rnn(call: Call) -> Iterator[Temporary]:
    """Many steps."""
    yield from _rnn(call, _batch(call), "input_to_input_weights")


def _rnn(call: Call, batch: int, weights: str) -> Iterator[Temporary]:
    if not call.hybrid("input", weights):
        return
    units = call.dims(weights)[0]
    yield from (Temporary(prod(call.dims("input"))), Temporary(prod(call.dims("hidden_state"))))
    yield from (Temporary(4 * batch), Temporary(4 * units * batch), Temporary(4 * batch))
    yield Temporary(4 * 2 * units, "persistent")


def bidirectional_rnn(call: Call) -> Iterator[Temporary]:
    """Both directions at once."""
    if not call.hybrid("input", "fw_weights"):
        return
    batch, aux = _batch(call), call.has("aux_input")
    units = [call.dims(f"{way}_weights")[0] for way in ("fw", "bw")]
    yield Temporary(prod(call.dims("input")))
    yield from (Temporary(prod(call.dims(f"{way}_hidden_state"))) for way in ("fw", "bw"))
    yield from (Temporary(4 * batch), Temporary(4 * batch * max(units)), Temporary(4 * batch))
    yield from (Temporary(4 * (3 if aux else 2) * n, "persistent") for n in units)
    if aux:
        yield Temporary(prod(call.dims("aux_input")))


def svdf(call: Call) -> Iterator[Temporary]:
    """The features of one step; a hybrid kernel keeps its weights in time as floats."""
    batch, filters = call.dims("input")[0], call.dims("feature_weights")[0]
    yield Temporary(4 * batch * filters)
    if call.value("input").dtype is DType.INT8:
        yield Temporary(4 * batch * (filters // max(call.number("rank"), 1)))
    elif call.hybrid("input", "feature_weights"):
        yield from (Temporary(prod(call.dims("input"))), Temporary(4 * batch))
        yield Temporary(4 * prod(call.dims("time_weights")), "persistent")
        yield Temporary(4 * batch)
        yield Temporary(4 * filters, "persistent")


def _batch(call: Call) -> int:
    return call.dims("input")[1 if call.number("time_major", 0) else 0]


def _gates(call: Call, way: str, cells: int, spare: int) -> int:
    return cells * (5 if call.has(f"{way}input_to_input_weights") else 4) + spare


def _row_sums(call: Call, way: str, cells: int) -> int:
    """How many rows of sums are kept: of every gate's weights, and of those that project its output."""
    rows = 8 if call.has(f"{way}input_to_input_weights") else 6
    if call.has(f"{way}projection_weights"):
        rows += -(-call.dims(f"{way}recurrent_to_output_weights")[-1] // cells)
    return rows
