"""Networks that were timed on iPhones and that no other list here makes: from timm, torchvision, and their authors.

Called with the folder to write to. Networks that only their authors publish are read from checkouts below the folder
that the environment names as CHECKOUTS: `repnext`, `recnext` and `repvit`, each with its `model` folder.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch
from torch import nn

from benchmarks.latency.networks.catalog import Made, Wanted, image, run

__all__ = ["wanted"]

_TIMM = {
    "fastvit_mci0": 256, "fastvit_mci1": 256, "fastvit_mci2": 256, "fastvit_mci3": 256, "fastvit_mci4": 256,
    "vit_base_mci_224": 224, "vit_large_patch14_clip_224": 224, "swiftformer_xs": 224, "swiftformer_s": 224,
    "swiftformer_l1": 224, "swiftformer_l3": 224, "mobilenetv2_140": 224, "mobilevitv2_100": 256,
    "mobilenetv3_small_100": 224, "repvit_m1_1": 512, "repvit_m1_5": 512, "repvit_m2_3": 512,
}  # fmt: skip
_AUTHORS = {
    "repnext": [*((f"repnext_m{i}", 224) for i in range(6)), *((f"repnext_m{i}", 512) for i in (3, 4, 5))],
    "recnext": [
        *((f"recnext_{s}{i}", 224) for s in "ma" for i in range(6)),
        *((f"recnext_{s}{i}", 512) for s in "ma" for i in (3, 4, 5)),
    ],
    "repvit": [("repvit_m0_6", 224)],
}
_CLASSIC = (
    *(f"resnet{n}" for n in (18, 34, 50, 101, 152)),
    *(f"vgg{n}" for n in (11, 13, 16, 19)),
    *(f"densenet{n}" for n in (121, 161, 169, 201)),
)
_MOBILENET = [
    *((w, r) for w in (0.35, 0.5, 0.75, 1.0) for r in (96, 128, 160, 192, 224)),
    (1.3, 224),
    (1.4, 224),
]


def _timm(name: str, size: int) -> Made:
    """As it is deployed: branches of training folded into one."""
    import timm
    from timm.utils import reparameterize_model

    return reparameterize_model(timm.create_model(name).eval()), [image(size)]


def _authors(checkout: str, name: str, size: int) -> Made:
    folder = Path(os.environ["CHECKOUTS"]) / checkout
    module = "recattn" if name.startswith("recnext_a") else checkout
    spec = importlib.util.spec_from_file_location(module, folder / "model" / f"{module}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(folder)
    sys.path.insert(0, str(folder))
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[module] = loaded
    spec.loader.exec_module(loaded)
    sys.path.remove(str(folder))
    network = getattr(loaded, name)().eval()
    _fuse(network)
    return network, [image(size)]


def _fuse(network: nn.Module) -> None:
    """Put in the place of each part what it says it folds into."""
    for name, part in list(network.named_children()):
        folded = part.fuse() if hasattr(part, "fuse") else part
        setattr(network, name, folded)
        _fuse(folded)


def _torchvision(name: str, size: int = 224, **options: float) -> Made:
    import torchvision

    return getattr(torchvision.models, name)(weights=None, **options), [image(size)]


def _text() -> Made:
    """The text encoder of MobileCLIP-B, S1 and S2: 63.4 million parameters, 77 tokens."""
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    config = CLIPTextConfig(vocab_size=49408, hidden_size=512, intermediate_size=2048, num_hidden_layers=12)
    config.num_attention_heads, config.projection_dim, config._attn_implementation = 8, 512, "eager"
    return _First(CLIPTextModelWithProjection(config)), [torch.randint(0, 49407, (1, 77))]


def _depth() -> Made:
    """Depth Anything, small, for pictures of 518 x 392: the size that patches of 14 leave of 518 x 396."""
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

    backbone = Dinov2Config(
        hidden_size=384, num_attention_heads=6, image_size=518, patch_size=14, out_indices=[3, 6, 9, 12],
        reshape_hidden_states=False, apply_layernorm=True,
    )  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=384, neck_hidden_sizes=[48, 96, 192, 384],
        fusion_hidden_size=64, head_in_index=-1,
    )  # fmt: skip
    config._attn_implementation = backbone._attn_implementation = "eager"
    return _First(DepthAnythingForDepthEstimation(config)), [image(518, 392)]


class _First(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return self.network(given)[0]


class _Attention(nn.Module):
    """Attention as Keras has it: heads of 64, whatever the width of the model."""

    def __init__(self, width: int, heads: int = 6, head: int = 64) -> None:
        super().__init__()
        self.heads, self.head = heads, head
        self.q, self.k, self.v = (nn.Linear(width, heads * head) for _ in range(3))
        self.out = nn.Linear(heads * head, width)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        def split(t: torch.Tensor) -> torch.Tensor:
            return t.reshape(1, -1, self.heads, self.head).transpose(1, 2)

        scores = split(self.q(x)) * self.head**-0.5 @ split(self.k(y)).transpose(-1, -2)
        return self.out((scores.softmax(-1) @ split(self.v(y))).transpose(1, 2).reshape(1, -1, self.heads * self.head))


class _Transformer(nn.Module):
    """Eight encoder and eight decoder layers of 512, feeding forward through 1024."""

    def __init__(self, layers: int = 8, width: int = 512, inner: int = 1024) -> None:
        super().__init__()

        def forward() -> nn.Module:
            return nn.Sequential(nn.Linear(width, inner, bias=False), nn.ReLU(), nn.Linear(inner, width, bias=False))

        def norms(count: int) -> nn.ModuleList:
            return nn.ModuleList(nn.LayerNorm(width) for _ in range(count))

        self.encoder = nn.ModuleList(nn.ModuleList((_Attention(width), forward(), norms(2))) for _ in range(layers))
        self.decoder = nn.ModuleList(
            nn.ModuleList((_Attention(width), _Attention(width), forward(), norms(3))) for _ in range(layers)
        )
        self.classes = nn.Linear(width, 2)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        x = given
        for attention, forward, norms in self.encoder:
            x = norms[0](x + attention(x, x))
            x = norms[1](x + forward(x))
        y = given
        for own, other, forward, norms in self.decoder:
            z = norms[0](y)
            z = norms[1](y + own(z, z))
            z = norms[2](other(z, x) + z)
            y = z + forward(z)
        return self.classes(y)


def _convolutions(filters: int, kernel: int, layers: int) -> Made:
    parts: list[nn.Module] = []
    for i in range(layers):
        parts += [nn.Conv2d(filters if i else 3, filters, kernel, padding="same", bias=False), nn.ReLU()]
    return nn.Sequential(*parts), [image(10, 512)]


def _transformer() -> Made:
    return _Transformer(), [torch.randn(1, 10, 512)]


def wanted() -> Iterator[Wanted]:
    """Those of timm, of their authors, of `transformers`, and what was made up or is old and ran on the CPU."""
    for name, size in _TIMM.items():
        yield Wanted(f"{name}_{size}", partial(_timm, name, size))
    for checkout, networks in _AUTHORS.items():
        for name, size in networks:
            yield Wanted(f"{name}_{size}", partial(_authors, checkout, name, size))
    yield Wanted("mobileclip_text_63m", _text)
    yield Wanted("depth_anything_small_518x392", _depth)
    yield Wanted("conv128_k3_x6_10x512", partial(_convolutions, 128, 3, 6))
    yield Wanted("conv36_k12_x3_10x512", partial(_convolutions, 36, 12, 3))
    yield Wanted("transformer_8_8_512", _transformer)
    for name in _CLASSIC:
        yield Wanted(f"{name}_224", partial(_torchvision, name))
    for width, size in _MOBILENET:
        file = f"mobilenet_v2_{round(width * 100):03d}_{size}"
        yield Wanted(file, partial(_torchvision, "mobilenet_v2", size, width_mult=width))


if __name__ == "__main__":
    run(__doc__ or "", wanted)
