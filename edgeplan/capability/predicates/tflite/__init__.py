"""Conditions of the LiteRT rows that a table cannot say."""

from __future__ import annotations

from edgeplan.capability.predicates.tflite import custom, dynamic, gpu, kernels, npu, xnnpack
from edgeplan.capability.predicates.tflite.custom import *  # noqa: F403  # a family's names are its __all__
from edgeplan.capability.predicates.tflite.dynamic import *  # noqa: F403
from edgeplan.capability.predicates.tflite.gpu import *  # noqa: F403
from edgeplan.capability.predicates.tflite.kernels import *  # noqa: F403
from edgeplan.capability.predicates.tflite.npu import *  # noqa: F403
from edgeplan.capability.predicates.tflite.xnnpack import *  # noqa: F403

__all__ = [*custom.__all__, *dynamic.__all__, *gpu.__all__, *kernels.__all__, *npu.__all__, *xnnpack.__all__]
