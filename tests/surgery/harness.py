"""What tests of rewrites share: models from text with random weights, and a rewrite run on them with every check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from onnx import ModelProto, numpy_helper

from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.draft import Draft, graphs
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.runs import difference, random_inputs, run_float
from edgeplan.surgery.sweep import Swept, sweep


def model(
    text: str,
    weights: Sequence[str] = (),
    positive: Sequence[str] = (),
    constants: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> ModelProto:
    """A model from ONNX text. Inputs named in `weights` become random weights, in `positive` positive ones (variances),
    in `constants` what is given there, in the declared type."""
    made = parse_model(text)
    rng = np.random.default_rng(seed)
    given = constants or {}
    for info in list(made.graph.input):
        if info.name not in (*weights, *positive, *given):
            continue
        kind = onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
        shape = [d.dim_value for d in info.type.tensor_type.shape.dim]
        if info.name in given:
            array = np.asarray(given[info.name])
        elif info.name in positive:
            array = rng.uniform(0.5, 2.0, shape)
        else:
            array = rng.standard_normal(shape)
        made.graph.initializer.append(numpy_helper.from_array(np.asarray(array).astype(kind), info.name))
        made.graph.input.remove(info)
    onnx.checker.check_model(made)
    return made


def swept(name: str, source: ModelProto) -> tuple[Swept, ModelProto]:
    """A rewrite run over a model, to the end."""
    draft = Draft.open(source)
    found = sweep(draft, [rewrite(name)], Ledger())
    values = [v for g in graphs(draft.model.graph) for v in (*g.inputs, *g.initializers.values(), *outputs(g))]
    stray = {n.op_type for v in values for n, _ in v.uses() if n.graph is None}
    assert not stray, f"looking left ops beside the graph: {stray}"
    return found, ir.to_proto(draft.model)


def outputs(graph: ir.Graph) -> list[ir.Value]:
    """What the ops of a graph make."""
    return [out for node in graph for out in node.outputs]


def fires(name: str, source: ModelProto, sites: int = 1, tolerance: float = 2e-5) -> ModelProto:
    """The model after a rewrite that must find so many `sites`.

    The result is a valid model with the same inputs and outputs, gives the same results at several sizes and seeds,
    and holds nothing more for the rewrite to do.
    """
    found, made = swept(name, source)
    assert len(found.sites) == sites, found
    onnx.checker.check_model(made, full_check=True)
    assert [i.name for i in made.graph.input] == [i.name for i in source.graph.input]
    assert [o.name for o in made.graph.output] == [o.name for o in source.graph.output]
    same(source, made, tolerance)
    again, _ = swept(name, made)
    assert not again.sites, f"not idempotent: {again.sites}"
    return made


def same(old: ModelProto, new: ModelProto, tolerance: float = 2e-5) -> None:
    """Both models give the same results on random inputs, free dimensions at 2, 3 and 5."""
    wanted = [o.name for o in old.graph.output]
    weights = {t.name for t in old.graph.initializer}
    for seed, size in enumerate((2, 3, 5)):
        kinds = {}
        for info in old.graph.input:
            if info.name in weights:
                continue
            t = info.type.tensor_type
            dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(t.elem_type))
            kinds[info.name] = (dtype, [d.dim_value or size for d in t.shape.dim])
        feeds = random_inputs(kinds, seed, 2)
        for a, b in zip(run_float(old, feeds, wanted), run_float(new, feeds, wanted), strict=True):
            assert difference(a, b) <= tolerance


def refuses(name: str, source: ModelProto) -> str:
    """The reason a rewrite gives for leaving a model as it is; empty where it has nothing to say."""
    found, _ = swept(name, source)
    assert not found.sites, found.sites
    return found.misses[0].reason if found.misses else ""


def types(made: ModelProto) -> list[str]:
    """The op types of a model, in order, constants left out."""
    return [n.op_type for n in made.graph.node if n.op_type != "Constant"]
