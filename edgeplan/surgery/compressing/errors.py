"""How far the weights of an ONNX model move when schemes are applied to them, from the weights alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.compression.errors import Errors
from edgeplan.lower.scheme import Scheme
from edgeplan.surgery.compressing.rounding import scheme_errors
from edgeplan.surgery.compressing.weights import as_run, weights_of
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.looking import BLANK

__all__ = ["unmeasured", "weight_errors"]


def unmeasured(draft: Draft) -> str:
    """Why the weights of a model say nothing of an error; empty where they do."""
    if draft.blank:
        return "the weights are all one number, as before training: what a scheme costs them is not known"
    return "" if weights_of(draft) else "the model has no float weights that a scheme is applied to"


def weight_errors(draft: Draft, schemes: Iterable[Scheme]) -> Mapping[str, Errors]:
    """The errors of the weights by scheme, by its name: of matrices, kernels and tables, as runtimes hold them.

    What follows a layer and goes into its weights, as a BatchNormalization does, is in them. A layer that a scheme
    cannot be applied to is not in `by_layer`; a scheme with no layer has no entry, nor has any where `unmeasured` says
    why. Each weight is read once, and let go. Of weights of more than 4 million elements, so many are looked at, in
    channels evenly spread; 1 million for palettes of groups.
    """
    if draft.blank:
        return {}
    wanted = tuple(schemes)
    held, origins = as_run(draft)
    found: dict[str, dict[str, float]] = {scheme.name: {} for scheme in wanted}
    for weight in weights_of(held, origins):
        if weight.value.meta.get(BLANK):
            continue
        layer = weight.layer
        for name, snr in scheme_errors(_contents(weight.value), layer.channel_axis, layer.input_axis, wanted).items():
            layers = found[name]
            layers[weight.name] = min(snr, layers.get(weight.name, snr))
        _let_go(weight.value)
    return {name: _errors(layers) for name, layers in found.items() if layers}


def _contents(value: ir.Value) -> NDArray[Any]:
    tensor = ir.convenience.get_const_tensor(value)
    assert tensor is not None  # `weights_of` asked
    return np.asarray(tensor.numpy())


def _let_go(value: ir.Value) -> None:
    """Unmap the file of a weight that has been read."""
    tensor = value.const_value
    if isinstance(tensor, ir.ExternalTensor):
        tensor.release()


def _errors(layers: Mapping[str, float]) -> Errors:
    worst = min(layers, key=lambda name: layers[name])
    return Errors(layers, median(layers.values()), layers[worst], worst)
