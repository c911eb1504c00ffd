"""Conditions of the TensorRT rows that a table cannot say; one file a family of operators."""

from __future__ import annotations

from edgeplan.capability.predicates.tensorrt import attention, control, dla, einsum, layers, plugins, quantized
from edgeplan.capability.predicates.tensorrt.attention import *  # noqa: F403  # a family's names are its __all__
from edgeplan.capability.predicates.tensorrt.control import *  # noqa: F403
from edgeplan.capability.predicates.tensorrt.dla import *  # noqa: F403
from edgeplan.capability.predicates.tensorrt.einsum import *  # noqa: F403
from edgeplan.capability.predicates.tensorrt.layers import *  # noqa: F403
from edgeplan.capability.predicates.tensorrt.plugins import *  # noqa: F403
from edgeplan.capability.predicates.tensorrt.quantized import *  # noqa: F403

__all__ = [
    *attention.__all__, *control.__all__, *dla.__all__, *einsum.__all__, *layers.__all__, *plugins.__all__,
    *quantized.__all__,
]  # fmt: skip
