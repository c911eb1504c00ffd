"""Gives the weights that a model keeps as one repeated number values that tell a right conversion from a wrong one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_VIEWS = {"Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Cast", "Flatten", "Slice", "Split"}
_SCALED = {"Add", "Sub", "Mul", "Div"}
_WEIGHTS: dict[str, Sequence[int]] = {
    "Conv": (1, 2), "ConvTranspose": (1, 2), "Gemm": (1, 2), "MatMul": (0, 1), "LSTM": (1, 2, 3), "GRU": (1, 2, 3),
    "RNN": (1, 2, 3), "BatchNormalization": (1, 2, 3, 4), "LayerNormalization": (1, 2), "GroupNormalization": (1, 2),
    "InstanceNormalization": (1, 2), "PRelu": (1,), "Gather": (0,), "Add": (0, 1), "Sub": (0, 1), "Mul": (0, 1),
    "Div": (1,),
}  # fmt: skip
"""Which inputs of an op are weights; the initial states of recurrent ops are not, and the bounds of a Clip are not."""

_SMALL = 0.01


def draw_weights(model: Any) -> int:
    """Make constants of the ConstantOfShape nodes of known shape, and draw weights that are all one number at random.

    Returns how many tensors were drawn. Each keeps its shape and type; a layer's output is about as large as its input,
    a variance stays positive, a factor or summand stays about where it is.
    """
    import numpy as np
    from onnx import numpy_helper

    _materialise(model.graph)
    users = _users(model.graph)
    rng, drawn = np.random.default_rng(0), 0
    for tensor in model.graph.initializer:
        if tensor.data_type not in (1, 10):  # float, float16
            continue
        old = numpy_helper.to_array(tensor)
        reads = list(users(tensor.name))
        if old.size < 2 or (old != old.flat[0]).any() or not np.isfinite(old.flat[0]) or not reads:
            continue
        if all(slot in _WEIGHTS.get(op, ()) for op, slot in reads):
            new = _drawn(rng, old, *reads[0]).astype(old.dtype)
            tensor.CopyFrom(numpy_helper.from_array(new, tensor.name))
            drawn += 1
    return drawn


def _drawn(rng: Any, old: Any, op: str, slot: int) -> Any:
    import numpy as np

    if op in _SCALED:
        if op in ("Add", "Sub"):
            return old * rng.uniform(0.8, 1.2, old.shape) + rng.normal(0, 0.1, old.shape)
        # A branch's scale before training leaves nothing of it, and one of 1 lets deep networks grow without bounds.
        usual = old if abs(old.flat[0]) > _SMALL else 0.2
        return usual * rng.uniform(0.8, 1.2, old.shape)
    if op.endswith("Normalization"):
        return rng.uniform(0.8, 1.2, old.shape) if slot in (1, 4) else rng.normal(0, 0.02, old.shape)
    if old.ndim < 2:
        return rng.normal(0, 0.02, old.shape)
    if op == "MatMul":
        fan = old.shape[-2]
    elif op == "Gather":
        fan = 1
    else:
        fan = old.shape[-1] if op in ("LSTM", "GRU", "RNN") else old.size // old.shape[0]
    return rng.normal(0, np.sqrt(2 / fan), old.shape)


def _materialise(graph: Any) -> None:
    import numpy as np
    from onnx import numpy_helper

    known = {t.name: t for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            known[node.output[0]] = node.attribute[0].t
    for node in [n for n in graph.node if n.op_type == "ConstantOfShape" and n.input[0] in known]:
        shape = numpy_helper.to_array(known[node.input[0]])
        value = numpy_helper.to_array(node.attribute[0].t) if node.attribute else np.zeros(1, np.float32)
        graph.initializer.append(numpy_helper.from_array(np.full(shape, value.flat[0], value.dtype), node.output[0]))
        graph.node.remove(node)


def _users(graph: Any) -> Any:
    """What reads a tensor, as ops and slots, seen through ops that only give it another form."""
    readers: dict[str, list[tuple[Any, int]]] = {}
    for node in graph.node:
        for slot, name in enumerate(node.input):
            readers.setdefault(name, []).append((node, slot))

    def users(name: str) -> Iterator[tuple[str, int]]:
        waiting, seen = [name], {name}
        while waiting:
            for node, slot in readers.get(waiting.pop(), ()):
                if node.op_type == "Concat" or (node.op_type in _VIEWS and slot == 0):
                    waiting += [o for o in node.output if o not in seen]
                    seen.update(node.output)
                else:
                    yield node.op_type, slot

    return users
