"""One memory profile per runtime, by the name of its backend."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from edgeplan.memory.runtimes.profile import Profile

__all__ = ["profile_of"]

_HOMES: Mapping[str, str] = {
    "coreml": "coreml",
    "onnxruntime": "onnxruntime_cuda",
    "onnxruntime-coreml": "onnxruntime",
    "qnn": "qnn",
    "snpe": "qnn",
    "tensorrt": "tensorrt",
    "tflite": "litert",
    "tflite-micro": "tflite_micro",
}


def profile_of(backend: str) -> Profile:
    """The profile of a backend's runtime; that of weights and arena alone where it has none of its own."""
    found: Profile = import_module(f"edgeplan.memory.runtimes.{_HOMES.get(backend, 'plain')}").PROFILE
    return found
