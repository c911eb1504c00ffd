"""A .tflite file in hand: made ready for the quantiser, and its weights as they are stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

__all__ = ["CONTRACTIONS", "Held", "expanded", "form", "held", "quantised", "ready"]

FLOAT32, FLOAT16 = 0, 1
BITS = {3: 8, 7: 16, 9: 8, 17: 4}
"""Bits of the integer types, by their number in the schema."""
CONTRACTIONS = frozenset({
    "BATCH_MATMUL", "CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "EMBEDDING_LOOKUP", "FULLY_CONNECTED", "TRANSPOSE_CONV",
    "UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN", "GATHER",
})  # fmt: skip
LARGE = 1024
"""Elements from which a constant of another op counts as a weight."""
SIGNATURE = "edgeplan"


@dataclass(frozen=True)
class Held:
    """A constant that an op reads, its subgraph, and the op's output, which the op is called by."""

    name: str
    op: str
    label: str
    graph: int
    tensor: Any
    reader: Any


def ready(model: Any) -> frozenset[str]:
    """Change a model so that ai-edge-quantizer sees all there is; the names of the weights that were float16.

    It reads `builtin_code` alone, which files from before TensorFlow 2.4 leave at 0: every op would be an ADD. Weights
    in float16 stand behind a DEQUANTIZE, where it looks for none. And it calibrates by signatures.
    """
    from ai_edge_litert import schema_py_generated as schema

    for code in model.operatorCodes:
        code.builtinCode = max(code.builtinCode, code.deprecatedBuiltinCode)
    widened = frozenset(name for graph in model.subgraphs for name in widen(model, graph))
    for number in range(len(model.subgraphs) if widened else 0):
        drop(model, number)
    if not model.signatureDefs:
        main = model.subgraphs[0]
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = SIGNATURE, 0
        signature.inputs = [entry(schema, f"in{i}", t) for i, t in enumerate(given(main.inputs))]
        signature.outputs = [entry(schema, f"out{i}", t) for i, t in enumerate(given(main.outputs))]
        model.signatureDefs = [signature]
    used = {t.buffer for graph in model.subgraphs for t in graph.tensors}
    used |= {entry.buffer for entry in model.metadata or ()}
    for index, buffer in enumerate(model.buffers):
        if index not in used:
            buffer.data = None
    return widened


def entry(schema: Any, name: str, tensor: int) -> Any:
    """One input or output of a signature."""
    made = schema.TensorMapT()
    made.name, made.tensorIndex = name, int(tensor)
    return made


def widen(model: Any, graph: Any) -> list[str]:
    """Make constants of float32 of those in float16 behind a DEQUANTIZE; what they are called behind it."""
    import numpy as np

    kept, names = [], []
    for op in graph.operators:
        source = graph.tensors[op.inputs[0]] if kind(model, op) == "DEQUANTIZE" else None
        if source is None or source.type != FLOAT16 or live(model, source):
            kept.append(op)
            continue
        half = np.frombuffer(bytes(model.buffers[source.buffer].data), np.float16)
        buffer = type(model.buffers[0])()
        buffer.data = half.astype(np.float32).view(np.uint8)
        model.buffers.append(buffer)
        graph.tensors[op.outputs[0]].buffer = len(model.buffers) - 1
        names.append(text(graph.tensors[op.outputs[0]]))
    graph.operators = kept
    return names


def drop(model: Any, number: int) -> None:
    """Take out the float16 tensors of a subgraph that no op reads any more."""
    graph = model.subgraphs[number]
    lists = [*(part for op in graph.operators for part in (op.inputs, op.outputs, op.intermediates)), graph.inputs]
    lists = [part for part in (*lists, graph.outputs) if part is not None]
    read = {int(i) for part in lists for i in part}
    left = [i for i, tensor in enumerate(graph.tensors) if tensor.type != FLOAT16 or i in read]
    places = {-1: -1, **{old: new for new, old in enumerate(left)}}
    graph.tensors = [graph.tensors[i] for i in left]
    for part in lists:
        part[:] = [places[int(i)] for i in part]
    for signature in model.signatureDefs or ():
        if signature.subgraphIndex == number:
            for one in (*signature.inputs, *signature.outputs):
                one.tensorIndex = places[int(one.tensorIndex)]


def quantised(model: Any) -> list[str]:
    """The outputs by which ops are called that read a weight in integers: the quantiser takes it for floats."""
    weights = (h for h in held(model, every=True) if h.tensor.type in BITS)
    return sorted({h.op for h in weights if h.tensor.quantization is not None})


def kind(model: Any, op: Any) -> str:
    """The op's name in the schema."""
    from ai_edge_litert.tools.flatbuffer_utils import opcode_to_name

    return str(opcode_to_name(model, op.opcodeIndex))


def held(model: Any, every: bool = False) -> Iterator[Held]:
    """The weights: constants of at least two axes that contractions read, or others large enough, or `every` such."""
    for number, graph in enumerate(model.subgraphs):
        seen: set[int] = set()
        for op in graph.operators:
            label = kind(model, op)
            for index in given(op.inputs):
                tensor = graph.tensors[index] if index >= 0 else None
                if tensor is None or index in seen or tensor.shape is None or len(tensor.shape) < 2:
                    continue
                data = model.buffers[tensor.buffer].data
                if data is None or len(data) == 0 or tensor.type not in (FLOAT32, FLOAT16, *BITS):
                    continue
                if every or label in CONTRACTIONS or prod(tensor.shape) >= LARGE:
                    seen.add(index)
                    yield Held(text(tensor), called(graph, op), label, number, tensor, op)


def given(indices: Any) -> Sequence[Any]:
    """The entries of a list that a file may leave out."""
    return () if indices is None else indices


def called(graph: Any, op: Any) -> str:
    """The name of an op's first output, of its first input where it has none: ops have no names of their own."""
    return text(graph.tensors[next(int(i) for i in (*given(op.outputs), *given(op.inputs)) if i >= 0)])


def text(tensor: Any) -> str:
    """The name of a tensor."""
    return tensor.name.decode("utf-8", "replace") if tensor.name else ""


def scales(model: Any, graph: int, tensor: Any) -> tuple[Any, int]:
    """The scales of a weight, spread over its elements or an axis of them, and the elements of a block, 0 for none."""
    import numpy as np

    said = tensor.quantization
    block = int(getattr(said.details, "blockSize", 0))
    if block:
        apart = model.subgraphs[graph].tensors[said.details.scales]
        raw = np.frombuffer(
            bytes(model.buffers[apart.buffer].data), np.float16 if apart.type == FLOAT16 else np.float32
        )
        spread = np.repeat(raw.astype(np.float64).reshape(tensor.shape[0], -1), block, axis=-1)
        return spread.reshape(tensor.shape), block
    found = np.asarray(said.scale, np.float64)
    shape = [1] * len(tensor.shape)
    if found.size > 1:
        shape[said.quantizedDimension] = found.size
    return found.reshape(shape), 0


def expanded(model: Any, graph: int, tensor: Any) -> Any:
    """The elements of a weight as floats, however they are stored; None for a type that is not known."""
    import numpy as np

    data = np.frombuffer(bytes(model.buffers[tensor.buffer].data), np.uint8)
    shape = [int(d) for d in tensor.shape]
    if tensor.type in (FLOAT32, FLOAT16):
        return data.view(np.float32 if tensor.type == FLOAT32 else np.float16).astype(np.float64).reshape(shape)
    if tensor.type not in (9, 17):
        return None
    if tensor.type == 17:  # two in a byte, the lower half first
        pairs = np.stack([data & 15, data >> 4], axis=-1).reshape(-1)[: prod(shape)]
        whole = (pairs.astype(np.int16) ^ 8) - 8
    else:
        whole = data.view(np.int8).astype(np.int16)
    return whole.reshape(shape) * scales(model, graph, tensor)[0]


def form(model: Any, weight: Held, label: str) -> str:
    """How a weight is stored that an op of this kind computes with, as a scheme's name: `w8`, `w8a8`, `w4-block32`.

    Empty where it stays float32.
    """
    if weight.tensor.type == FLOAT32:
        return ""
    if weight.tensor.type == FLOAT16:
        return "fp16"
    found, block = scales(model, weight.graph, weight.tensor)
    graph = model.subgraphs[weight.graph]
    read = [graph.tensors[i] for i in given(weight.reader.inputs) if i >= 0]
    bits = max(
        (BITS[t.type] for t in read if t is not weight.tensor and t.type in (7, 9) and live(model, t)), default=0
    )
    name = f"w{BITS[weight.tensor.type]}{f'a{bits}' if bits else ''}"
    if block:
        return f"{name}-block{block}"
    channels = weight.tensor.shape[-1 if label == "DEPTHWISE_CONV_2D" else 0]
    return name if found.size > 1 or channels == 1 else f"{name}-tensor"


def live(model: Any, tensor: Any) -> bool:
    """Whether a tensor is computed, not held in the file."""
    data = model.buffers[tensor.buffer].data
    return data is None or len(data) == 0
