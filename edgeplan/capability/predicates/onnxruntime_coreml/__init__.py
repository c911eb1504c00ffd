"""Conditions of the rows of ONNX Runtime's Core ML execution provider that a table cannot say.

The provider decides when a session is made: a size that the model leaves open passes its limits.
"""

from edgeplan.capability.predicates.onnxruntime_coreml import compute, general, resize, shape
from edgeplan.capability.predicates.onnxruntime_coreml.compute import *  # noqa: F403
from edgeplan.capability.predicates.onnxruntime_coreml.general import *  # noqa: F403
from edgeplan.capability.predicates.onnxruntime_coreml.resize import *  # noqa: F403
from edgeplan.capability.predicates.onnxruntime_coreml.shape import *  # noqa: F403

__all__ = [*compute.__all__, *general.__all__, *resize.__all__, *shape.__all__]
