"""Runs an ONNX model in ONNX Runtime and its .tflite in LiteRT on one random input, and says how far they are apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FEW = 8  # pairs of layouts tried where sizes leave the layout of an input open
_TIMES = 3


def inputs_for(sizes: Sequence[tuple[str, str, Sequence[Any]]], seed: int, most: int = 1) -> dict[str, Any]:
    """Random arrays for inputs given as name, ONNX Runtime's type and shape.

    Integers are 0 to `most`: 0 and 1 index every table of two rows, and are flags and masks as well; each row has a 1.
    """
    import numpy as np

    rng, found = np.random.default_rng(seed), {}
    for name, kind, shape in sizes:
        if not all(isinstance(d, int) for d in shape):
            raise ValueError(f"input {name} has sizes nobody has bound: {list(shape)}")
        element = kind.removeprefix("tensor(").removesuffix(")")
        if element in ("float", "float16", "double"):
            made = rng.normal(0, 1, shape)
        elif element == "bool" or "int" in element:
            made = np.array(rng.integers(0, most + 1, shape))
            made[(..., slice(1)) if shape else ...] = most
        else:
            raise ValueError(f"input {name} is a {kind}: no random values for it")
        found[name] = np.asarray(made).astype({"float": "float32", "double": "float64"}.get(element, element))
    return found


def moved(inputs: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The same inputs, each real number moved up or down by eight roundings of its type."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return {
        name: a + 8 * np.finfo(a.dtype).eps * a * rng.choice([-1, 1], a.shape).astype(a.dtype)
        if a.dtype.kind == "f"
        else a
        for name, a in inputs.items()
    }


def layouts(source: Sequence[int], made: Sequence[int]) -> list[tuple[int, ...]]:
    """The permutations with which a converter that moves channels may have made one shape from another."""
    rank = len(source)
    if rank != len(made):
        return []
    same, last = tuple(range(rank)), (0, *range(2, rank), 1)
    first = (0, rank - 1, *range(1, rank - 1)) if rank > 1 else same
    wishes = dict.fromkeys((same, last, first) if rank > 2 else (same,))
    return [p for p in wishes if [source[a] for a in p] == list(made)]


def difference(truth: Any, said: Any) -> float:
    """The largest difference of two arrays, relative to the largest magnitude of the first; infinite where the
    shapes fit in no layout, or one has numbers where the other has none.
    """
    import numpy as np

    truth, said = np.asarray(truth, np.float64), np.asarray(said, np.float64)
    orders = layouts(truth.shape, said.shape)
    if not orders and truth.size == said.size:  # an axis of one more or less
        truth, orders = truth.reshape(said.shape), [tuple(range(said.ndim))]
    return min((_apart(truth.transpose(p), said) for p in orders), default=float("inf"))


def _apart(a: Any, b: Any) -> float:
    import numpy as np

    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        return float("inf")
    there = np.isfinite(a)
    if (there != np.isfinite(b)).any():
        return float("inf")
    if not there.any():
        return 0.0
    apart = float(np.abs(a[there] - b[there]).max())
    most = float(np.abs(a[there]).max())
    return apart / most if most else apart


class Reference:
    """ONNX Runtime with the model as it is: its optimizers stumble over some."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.sizes = [(i.name, i.type, i.shape) for i in self.session.get_inputs()]
        self.outputs = [o.name for o in self.session.get_outputs()]
        for output in self.session.get_outputs():
            if not output.type.startswith("tensor(") or "string" in output.type:
                raise ValueError(f"output {output.name} is a {output.type}: not to be compared")

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs by name."""
        return dict(zip(self.outputs, self.session.run(None, dict(inputs)), strict=True))


class Converted:
    """LiteRT's interpreter with the .tflite."""

    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        # What a delegate makes of the file is another question.
        kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        with _refused():
            self.interpreter = Interpreter(str(path), num_threads=1, experimental_op_resolver_type=kernels)
            self.interpreter.allocate_tensors()
        self.inputs = self.interpreter.get_input_details()
        self.outputs = self.interpreter.get_output_details()

    def run(self, inputs: Mapping[str, Any], chosen: Sequence[tuple[int, ...]]) -> list[Any]:
        """The outputs in the file's order, for inputs in the layouts chosen."""
        for detail, name, order in zip(self.inputs, paired(self.inputs, list(inputs)), chosen, strict=True):
            value = inputs[name].transpose(order).astype(detail["dtype"]).reshape(detail["shape"])
            self.interpreter.set_tensor(detail["index"], value)
        with _refused():
            self.interpreter.invoke()
        return [self.interpreter.get_tensor(d["index"]) for d in self.outputs]

    def choices(self, inputs: Mapping[str, Any]) -> list[tuple[tuple[int, ...], ...]]:
        """The layouts its inputs may have, for all of them together."""
        found = []
        for detail, name in zip(self.inputs, paired(self.inputs, list(inputs)), strict=True):
            shape = inputs[name].shape
            plain = [tuple(range(len(shape)))] if inputs[name].size == int(detail["shape"].prod()) else []
            fits = layouts(shape, detail["shape"].tolist()) or plain
            if not fits:
                raise ValueError(f"input {name} of {list(shape)} became {detail['shape'].tolist()}")
            found.append(fits)
        return list(itertools.islice(itertools.product(*found), _FEW))


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError) as e:
        raise ValueError(f"LiteRT does not run what it made: {e}") from None


def paired(details: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """The ONNX name of each of the file's tensors: the same but for what onnx2tf replaces in it, else by position."""
    plain = {mangled(n): n for n in names}
    found = [plain.get(mangled(d["name"].removeprefix("serving_default_").removesuffix(":0"))) for d in details]
    if None not in found and len(set(found)) == len(details):
        return [n for n in found if n is not None]
    if len(details) != len(names):
        raise ValueError(f"{len(names)} inputs or outputs became {len(details)}")
    return list(names)


def mangled(name: str) -> str:
    """A name without what onnx2tf changes in names."""
    return name.replace(":", "__").removeprefix("wa/").lstrip("/")


def compare(model: Path, made: Path) -> list[dict[str, Any]]:
    """By how much each output differs, how much it changes with another input, and how much with the same one moved by
    a few roundings (`noise`), all relative to its largest magnitude, in parts per billion.
    """
    reference, converted = Reference(model), Converted(made)
    for names, details in ((reference.sizes, converted.inputs), (reference.outputs, converted.outputs)):
        if len(details) > len(names):
            raise ValueError(f"{len(names)} inputs or outputs became {len(details)}")
    try:
        truth = reference.run(inputs := inputs_for(reference.sizes, 1))
        changed = reference.run(inputs_for(reference.sizes, 2))
    except Exception:  # an index of 1 into what has one row
        truth = reference.run(inputs := inputs_for(reference.sizes, 1, 0))
        changed = reference.run(inputs_for(reference.sizes, 2, 0))
    stirred = [reference.run(moved(inputs, seed)) for seed in range(_TIMES)]
    best: list[float] = []
    names = paired(converted.outputs, reference.outputs)
    for chosen in converted.choices(inputs):
        made_by = dict(zip(names, converted.run(inputs, chosen), strict=True))
        found = [difference(truth[n], made_by[n]) for n in reference.outputs]
        best = min(best or found, found, key=max)
    facts = []
    for name, apart in zip(reference.outputs, best, strict=True):
        kind = "difference" if truth[name].dtype.kind == "f" else "integers"
        noise = max(_apart(truth[name], s[name]) for s in stirred)
        for what, ratio in ((kind, apart), ("change", _apart(truth[name], changed[name])), ("noise", noise)):
            facts.append({"name": f"{what} {name}", "value": _ppb(ratio), "unit": "ppb"})
    return facts


def _ppb(ratio: float) -> int:
    return round(min(ratio, 1e6) * 1e9)
