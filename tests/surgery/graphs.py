"""Random graphs made of what rewrites look for, chained so that patterns overlap: for hypothesis, or from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
import onnx
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from edgeplan.surgery.runs import random_inputs
from tests.surgery.motifs import MOTIFS
from tests.surgery.sketch import Refused, Sketch, Value, run

Array = NDArray[Any]
Feeds = dict[str, Array]

OPSETS = (9, 10, 11, 12, 13, 13, 14, 15, 16, 17, 17, 18, 18, 19, 20, 20, 21, 21, 22, 23, 23, 23, 24)
DTYPES = (np.float32,) * 10 + (np.float16, np.float64)


@dataclass(frozen=True, repr=False)
class Fuzzed:
    """A valid model, inputs it runs on, of one size or several, and what it gives for each."""

    model: onnx.ModelProto
    motifs: tuple[str, ...]
    feeds: tuple[Feeds, ...]
    results: tuple[tuple[Array, ...], ...]

    def __repr__(self) -> str:
        return f"{', '.join(self.motifs)}: {onnx.printer.to_text(self.model)}"

    @property
    def outputs(self) -> list[str]:
        return [o.name for o in self.model.graph.output]


def graphs(most: int = 4) -> st.SearchStrategy[Fuzzed]:
    """Graphs of up to so many motifs; what fails shrinks to the motifs it takes."""
    made = st.builds(
        lambda seed, motifs: build(Random(seed), motifs),
        st.integers(0, 2**32),
        st.lists(st.sampled_from(MOTIFS), min_size=1, max_size=most),
    )
    return made.filter(lambda graph: graph is not None)  # type: ignore[return-value]


def seeded(seed: int, most: int = 5, wish: Sequence[Callable[[Sketch], None]] = (), opset: int = 0) -> Fuzzed | None:
    """The graph of a seed, with the motifs it is to have among others; None where nothing valid came of it."""
    rng = Random(seed)
    motifs = [*wish, *(rng.choice(MOTIFS) for _ in range(rng.randint(0 if wish else 1, most - len(wish))))]
    rng.shuffle(motifs)
    return build(rng, motifs, opset)


def build(rng: Random, motifs: Sequence[Callable[[Sketch], None]], opset: int = 0) -> Fuzzed | None:
    """A graph of some motifs, of a random opset, if none is given, and type; None where none of them fits."""
    return complete(Sketch(rng, opset or rng.choice(OPSETS), rng.choice(DTYPES)), motifs)


def complete(s: Sketch, motifs: Sequence[Callable[[Sketch], None]]) -> Fuzzed | None:
    """The graph of a sketch to which some motifs are added; None where none of them fits."""
    for motif in motifs:
        with s.attempt():
            motif(s)
    model = _finished(s)
    if model is None:
        return None
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception:  # the checker's errors share no base class
        return None
    made = Fuzzed(model, tuple(m.__name__ for m in motifs), (), ())
    for free in _freed(s, model):
        found = _tried(replace(made, model=free), s.inputs, s.rng.randrange(1 << 16))
        if found is not None:
            return found
    return None


def _finished(s: Sketch) -> onnx.ModelProto | None:
    read = {n for node in s.nodes for n in reads(node)}
    inputs = [v for v in s.inputs.values() if v.name in read]
    handed = [v for v in s.made.values() if not v.fixed and (v.name not in read or s.chance(0.06))]
    handed = [v for v in handed if v.array.dtype.kind in "fiub"]
    if not handed or not inputs:
        return None
    weights = [numpy_helper.from_array(v.array, v.name) for v in s.weights.values() if v.name in read]
    graph = helper.make_graph(
        s.nodes,
        "fuzzed",
        [_info(v, v.shape) for v in inputs],
        [_info(v, ["?"] * v.rank) for v in handed],
        weights,
    )
    return helper.make_model(graph, opset_imports=s.imports(), ir_version=10)


def _info(value: Value, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    made = helper.make_tensor_value_info(value.name, helper.np_dtype_to_tensor_dtype(value.array.dtype), shape)
    for d in made.type.tensor_type.shape.dim:
        if d.dim_param == "?":
            d.ClearField("dim_param")
    return made


def _freed(s: Sketch, model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """The model with free dimensions, if it is to have any, and as it is."""
    named = s.chance(0.85)
    if s.free:
        free = onnx.ModelProto()
        free.CopyFrom(model)
        for info in free.graph.input:
            for axis, d in enumerate(info.type.tensor_type.shape.dim):
                if axis in s.free and d.dim_value and (axis > 0 or d.dim_value == s.batch):
                    d.dim_param = ("N" if axis == 0 else f"S{axis}_{d.dim_value}") if named else ""
                    if not named:
                        d.ClearField("dim_param")
        yield free
    yield model


def _tried(made: Fuzzed, base: Mapping[str, Value], seed: int) -> Fuzzed | None:
    """With inputs and results; None where it does not run. Free dimensions are as large as in `base`, and larger."""
    feeds = []
    results = []
    sizes = (0, 2, 5) if any(not d.dim_value for d in _dims(made.model)) else (0,)
    for more in sizes:
        kinds = {}
        for info in made.model.graph.input:
            t = info.type.tensor_type
            dtype = np.dtype(helper.tensor_dtype_to_np_dtype(t.elem_type))
            kinds[info.name] = (
                dtype,
                [d.dim_value or n + more for d, n in zip(t.shape.dim, base[info.name].shape, strict=True)],
            )
        for at in (0, 1) if len(sizes) == 1 else (seed % 2,):
            fed = random_inputs(kinds, 2 * seed + at + more, 2)
            try:
                found, again = (run(made.model, fed, made.outputs) for _ in range(2))
            except Refused:
                return None
            feeds.append(fed)
            same = all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(found, again, strict=True))
            if not same or not _as_inferred(made.model, found):  # some runtimes join what does not fit, and make it up
                return None
            results.append(tuple(found))
    return replace(made, feeds=tuple(feeds), results=tuple(results))


def _as_inferred(model: onnx.ModelProto, found: Sequence[Array]) -> bool:
    """Whether results have the shapes onnx infers: where they do not, an op is used in a way it has no meaning for."""
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    for info, array in zip(inferred.graph.output, found, strict=True):
        told = [
            d.dim_value if d.HasField("dim_value") else n
            for d, n in zip(info.type.tensor_type.shape.dim, array.shape, strict=False)
        ]
        if told != list(array.shape):
            return False
    return True


def _dims(model: onnx.ModelProto) -> Iterator[onnx.TensorShapeProto.Dimension]:
    return (d for info in model.graph.input for d in info.type.tensor_type.shape.dim)


def reads(node: onnx.NodeProto) -> Iterator[str]:
    """The names a node reads, its bodies included."""
    yield from node.input
    for attr in node.attribute:
        if attr.HasField("g"):
            yield from (o.name for o in attr.g.output)
            for inner in attr.g.node:
                yield from reads(inner)
