"""What the builders of ops that can break a session look at before the op is assigned to the HTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeplan.capability.predicates.qnn.attributes import (
    computed_parameters,
    equation_without_form,
    named_activations,
    normalises_several_axes,
    resizes_channels,
    rounds_unlike_htp,
    several_results,
    uneven_sequences,
)
from edgeplan.capability.predicates.shapes import dynamic_shape
from edgeplan.graph import Op, Value

__all__ = ["left_out"]

_Check = Callable[[Op, tuple[Value, ...], tuple[Value, ...]], bool | None]


def left_out(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Whether the op builder refuses the op by its attributes: then it is never assigned, and breaks nothing."""
    checks = CHECKS.get(op.type, ())
    found = [check(op, inputs, outputs) for check in (dynamic_shape, *checks)]
    return True if True in found else None if None in found else False


def _dilated(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    given = op.attrs.get("dilations")
    return isinstance(given, tuple) and any(d != 1 for d in given)


def _has(**attrs: object) -> _Check:
    """A check that one of the attributes has one of the values."""

    def check(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
        return any(
            op.attrs.get(name) in (value if isinstance(value, tuple) else (value,)) for name, value in attrs.items()
        )

    return check


def _clipped(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    return "clip" in op.attrs


_UNMAPPED = ("tf_crop_and_resize", "half_pixel_symmetric")

CHECKS: Mapping[str, tuple[_Check, ...]] = {
    "AveragePool": (_dilated,),
    "BatchNormalization": (computed_parameters,),
    "ConvTranspose": (_dilated,),
    "CumSum": (_has(exclusive=1, reverse=1), computed_parameters),
    "Einsum": (equation_without_form,),
    "GRU": (_clipped, _has(layout=1), named_activations, uneven_sequences),
    "GridSample": (_has(mode=("bicubic", "cubic")),),
    "LSTM": (_clipped, named_activations, uneven_sequences),
    "LpNormalization": (_has(p=1),),
    "LpPool": (_dilated, _has(p=(0, *range(3, 100)), ceil_mode=1)),
    "MaxPool": (_dilated, several_results),
    "Mod": (_has(fmod=1),),
    "Pad": (_has(mode="wrap"),),
    "RMSNormalization": (normalises_several_axes,),
    "Resize": (_has(antialias=1, coordinate_transformation_mode=_UNMAPPED), rounds_unlike_htp, resizes_channels),
    "RoiAlign": (_has(mode="max"),),
    "ScatterElements": (_has(reduction="min"),),
    "ScatterND": (_has(reduction=("max", "min")),),
    "SimplifiedLayerNormalization": (normalises_several_axes,),
}
"""The checks of each op; every op is also left out for a dynamic shape."""
