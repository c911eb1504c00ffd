"""Makes the packages that networks come from build them without asking for trained weights.

What a checkpoint says beyond its weights (sizes, in a `config.json`) is written out in `checkpoints.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.latency.networks import checkpoints

__all__ = ["install"]


class _Weights(dict[str, Any]):
    """Stands for a checkpoint: any entry is a checkpoint again."""

    def __missing__(self, key: str) -> _Weights:
        return _Weights()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Weights()

    def __call__(self, *args: object, **kwargs: object) -> _Weights:
        return self


def install(model: str) -> None:
    """Replace the loading of weights, for the network that AI Hub calls `model`."""
    _torch(model)
    _assets()
    _torchvision()
    _timm()
    _transformers()
    _ultralytics()
    _clip()


def _torch(model: str) -> None:
    import torch
    import torch.utils.model_zoo

    checkpoint = _Weights(checkpoints.CHECKPOINTS.get(model, {}))
    torch.load = lambda *args, **kwargs: checkpoint
    torch.hub.load_state_dict_from_url = lambda *args, **kwargs: checkpoint
    torch.utils.model_zoo.load_url = lambda *args, **kwargs: checkpoint
    torch.nn.Module.load_state_dict = lambda self, *args, **kwargs: ([], [])


def _assets() -> None:
    from qai_hub_models.utils import asset_loaders

    asset_loaders._always_answer = True

    def no_weights(self: Any, *args: Any, **kwargs: Any) -> Path:
        path = Path(self.local_cache_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name in checkpoints.FILES:
            path.write_text(json.dumps(checkpoints.FILES[path.name]))
        else:
            path.touch()
        return path

    asset_loaders.CachedWebAsset.fetch = no_weights


def _torchvision() -> None:
    from torchvision.models import _api

    _api.WeightsEnum.get_state_dict = lambda self, *args, **kwargs: {}


def _timm() -> None:
    import timm

    create = timm.create_model

    def no_weights(name: str, *args: Any, **kwargs: Any) -> Any:
        kwargs["pretrained"] = False
        return create(name, *args, **kwargs)

    timm.create_model = no_weights
    timm.models.create_model = no_weights


def _transformers() -> None:
    import transformers
    from transformers.models.auto import auto_factory

    def built(cls: Any, name: Any = None, *args: Any, **kwargs: Any) -> Any:
        config = kwargs.get("config") or checkpoints.config(str(name))
        for key in ("return_dict", "torchscript", "attn_implementation"):
            if key in kwargs:
                setattr(config, "_attn_implementation" if key.startswith("attn") else key, kwargs[key])
        return cls(config).eval()

    def built_auto(cls: Any, name: Any = None, *args: Any, **kwargs: Any) -> Any:
        config = kwargs.get("config") or checkpoints.config(str(name))
        if "attn_implementation" in kwargs:
            config._attn_implementation = kwargs["attn_implementation"]
        return cls.from_config(config).eval()

    def reader(cls: Any, *args: object, **kwargs: object) -> Any:
        """A tokenizer or processor that has any attribute and reads nothing."""
        made = type(cls.__name__, (cls,), {"__getattr__": _any_attribute, "__init__": lambda self: None})
        return object.__new__(made)

    transformers.PreTrainedModel.from_pretrained = classmethod(built)
    auto_factory._BaseAutoModelClass.from_pretrained = classmethod(built_auto)
    transformers.PretrainedConfig.from_pretrained = classmethod(
        lambda cls, name, **kwargs: checkpoints.config(str(name))
    )
    for reading in (
        transformers.PreTrainedTokenizerBase,
        transformers.AutoTokenizer,
        transformers.AutoProcessor,
        transformers.AutoImageProcessor,
        transformers.ProcessorMixin,
        transformers.FeatureExtractionMixin,
        transformers.ImageProcessingMixin,
    ):
        reading.from_pretrained = classmethod(reader)


def _any_attribute(self: Any, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Weights()


def _ultralytics() -> None:
    from ultralytics import YOLO

    make = YOLO.__init__

    def no_weights(self: Any, name: Any = "yolo11n.pt", *args: Any, **kwargs: Any) -> None:
        called = Path(str(name)).stem
        described, classes = checkpoints.ULTRALYTICS.get(called, (called, 80))
        make(self, f"{described}.yaml", *args, **kwargs)
        if self.model.yaml["nc"] != classes:
            self.model = type(self.model)(f"{described}.yaml", nc=classes, verbose=False)

    YOLO.__init__ = no_weights


def _clip() -> None:
    try:
        import clip
    except ImportError:
        return
    sizes = {"embed_dim": 512, "image_resolution": 224, "vision_layers": 12, "vision_width": 768}
    sizes |= {"vision_patch_size": 16, "context_length": 77, "vocab_size": 49408, "transformer_width": 512}
    sizes |= {"transformer_heads": 8, "transformer_layers": 12}
    clip.load = lambda *args, **kwargs: (clip.model.CLIP(**sizes).eval(), None)
