"""Empty modules for packages that a network's own package imports but its building does not use."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

__all__ = ["PACKAGES", "empty", "install"]

PACKAGES = frozenset(
    {
        "Levenshtein",
        "aimet_onnx",
        "aimet_torch",
        "audio2numpy",
        "av",
        "cv_bridge",
        "ffmpeg",
        "fvcore",
        "hdf5storage",
        "imgaug",
        "jiwer",
        "kornia",
        "lightning_fabric",
        "motmetrics",
        "mypy_boto3_s3",
        "nuscenes",
        "numba",
        "onnxsim",
        "podm",
        "pyannote",
        "pyquaternion",
        "pytorch_lightning",
        "silero_vad",
        "sounddevice",
        "soundfile",
        "tflite",
        "torchaudio",
        "torchmetrics",
        "torchpack",
        "webdataset",
        "xtcocotools",
    }
)
"""For data sets, metrics, sound files and quantizing: none of them makes a layer."""


def install() -> None:
    """Put stand-ins in the place of those of `PACKAGES` that are not installed."""
    sys.meta_path.append(_Finder())


def empty(name: str) -> ModuleType:
    """A module `name` that has any attribute."""
    return _Standin(name)


class _Anything(type):
    """A class that has any attribute, may be a base or a decorator, and can be indexed."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _anything(name)

    def __getitem__(cls, key: object) -> Any:
        return cls

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if "_standin" not in vars(cls):
            return super().__call__(*args, **kwargs)
        decorated = len(args) == 1 and not kwargs and callable(args[0])
        return args[0] if decorated else cls


def _anything(name: str) -> Any:
    return _Anything(name, (), {"_standin": True})


class _Standin(ModuleType):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _anything(name)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.split(".")[0] not in PACKAGES:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Standin(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """A stand-in has no code."""
