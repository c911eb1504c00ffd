"""Weights and activations of an ONNX model quantised by onnxruntime, over ranges that samples were seen to have."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.lower.scheme import Scheme
from edgeplan.surgery.compressing.outcome import CompressError
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.writing import write_model

__all__ = ["quantised_statically"]

Array = NDArray[Any]

_SEEN = "onnx.quant.pre_process"
"""What onnxruntime writes into a model's metadata that is made ready for it; without it, it warns."""

_CACHE = "calibration_cache_path"
"""The setting of newer onnxruntimes that says where ranges are kept."""

_BIASED = frozenset({"Conv", "ConvTranspose", "Gemm"})

_LARGE = 2**31 - 2**24
"""Bytes of weights from which on they need a file of their own."""


def quantised_statically(
    draft: Draft,
    scheme: Scheme,
    samples: Sequence[Mapping[str, Array]],
    keep: Collection[str],
    layers: Collection[str],
    ranges: Path,
    symmetric: bool,
) -> Draft:
    """The model with QuantizeLinear and DequantizeLinear around what is quantised; `draft` is done with afterwards.

    Weights are signed, for each output channel or the whole tensor as the scheme says; activations unsigned, or,
    `symmetric`, signed and without zero point. `keep` names those ops of `layers` that stay floats, and with them does
    what lies between them alone. `ranges` is a file, not there yet, in a folder for passing files: a newer onnxruntime
    keeps the ranges of activations in it for the next time. Raises `CompressError`.
    """
    import onnxruntime
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
        """The samples, one by one."""

        def __init__(self) -> None:
            self.left: Iterator[Mapping[str, Array]] = iter(samples)

        def get_next(self) -> Mapping[str, Array] | None:
            """The next sample; None at the end."""
            return next(self.left, None)

    signed = {8: QuantType.QInt8, 16: QuantType.QInt16}
    unsigned = {8: QuantType.QUInt8, 16: QuantType.QUInt16}
    said, quiet = dict(draft.model.metadata_props), logging.root.manager.disable
    draft.model.metadata_props[_SEEN] = "onnxruntime.quant"
    _own_biases(draft)
    source, made = ranges.with_name("floats.onnx"), ranges.with_name("quantised.onnx")
    kept_ranges = {_CACHE: ranges} if _CACHE in signature(quantize_static).parameters else {}
    written = write_model(draft, source, made)
    logging.disable(logging.WARNING)  # of what is done here, or said: opsets, and that it is to be made ready first
    onnxruntime.set_default_logger_severity(3)
    try:
        quantize_static(
            source,
            made,
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=scheme.per == "channel",
            activation_type=(signed if symmetric else unsigned)[scheme.activations],
            weight_type={4: QuantType.QInt4, 8: QuantType.QInt8}[scheme.bits],
            nodes_to_exclude=[*keep, *_between(draft.model.graph, keep, layers)],
            use_external_data_format=sum(p.stat().st_size for p in written) > _LARGE,
            extra_options={"ActivationSymmetric": symmetric},
            **kept_ranges,
        )
    except Exception as e:  # its errors share no base class
        told = (str(e) or type(e).__name__).splitlines()[0][:200]
        raise CompressError(f"onnxruntime does not quantise this model: {told}") from None
    finally:
        logging.disable(quiet)
        onnxruntime.set_default_logger_severity(2)
    result = Draft.open(made)
    model = result.model
    model.metadata_props.clear()
    model.metadata_props.update(said)
    for attribute in ("producer_name", "producer_version", "domain", "model_version", "doc_string"):
        setattr(model, attribute, getattr(draft.model, attribute))
    model.graph.name, model.graph.doc_string = draft.model.graph.name, draft.model.graph.doc_string
    result.declared = draft.declared
    return result


def _own_biases(draft: Draft) -> None:
    """Give each op a bias of its own, in place: onnxruntime copies shared ones under names that others may have."""
    for node in draft.model.graph.all_nodes():
        bias = node.inputs[2] if node.op_type in _BIASED and len(node.inputs) > 2 else None
        if bias is None or bias.const_value is None or len(bias.uses()) < 2 or not isinstance(bias.graph, ir.Graph):
            continue
        copy = ir.Value(name=draft.fresh(bias.name or "bias"), shape=bias.shape, type=bias.type)
        copy.const_value = bias.const_value
        bias.graph.initializers[copy.name or ""] = copy
        node.replace_input_with(2, copy)


def _between(graph: ir.Graph, keep: Collection[str], layers: Collection[str]) -> list[str]:
    """The other ops that only lead to layers that are kept, or, behind the last ones, only come from such."""
    if not keep:
        return []
    ahead = _only_kept(reversed(graph), lambda n: [r for out in n.outputs for r, _ in out.uses()], keep, layers)
    behind = _only_kept(graph, lambda n: [v.producer() for v in n.inputs if v is not None], keep, layers)
    others = [n for n in graph if n.name not in layers]
    return [n.name or "" for n in others if (ahead[n] if ahead[n] is not None else behind[n])]


def _only_kept(
    nodes: Iterable[ir.Node],
    nearest: Callable[[ir.Node], Sequence[ir.Node | None]],
    keep: Collection[str],
    layers: Collection[str],
) -> dict[ir.Node, bool | None]:
    """Whether all the layers that are next to each node in one direction are kept; None where there is none."""
    found: dict[ir.Node, bool | None] = {}
    for node in nodes:
        said = [n.name in keep if n.name in layers else found.get(n) for n in nearest(node) if n is not None]
        known = [s for s in said if s is not None]
        found[node] = all(known) if known else None
    return found
