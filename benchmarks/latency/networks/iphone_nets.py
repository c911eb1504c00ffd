"""The networks of the iPhone tables that no package builds: EdgeViT, CenterNet, MobileCLIP's small text encoder."""

from __future__ import annotations

import torch
import torchvision
from torch import nn

__all__ = ["CenterNet", "EdgeVit", "MobileClipText"]


class _Channels(nn.LayerNorm):
    """Layer normalization over the channels of NCHW."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class _Local(nn.Module):
    """EdgeViT's aggregation: a depthwise 5x5 between two 1x1, then a feed-forward of 1x1 convolutions."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.position = nn.Conv2d(dim, dim, 3, 1, 1, groups=dim)
        around = nn.Conv2d(dim, dim, 5, 1, 2, groups=dim)
        self.mix = nn.Sequential(nn.BatchNorm2d(dim), nn.Conv2d(dim, dim, 1), around, nn.Conv2d(dim, dim, 1))
        wide = nn.Conv2d(dim, 4 * dim, 1)
        self.feed = nn.Sequential(nn.BatchNorm2d(dim), wide, nn.GELU(), nn.Conv2d(4 * dim, dim, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.position(x)
        x = x + self.mix(x)
        return x + self.feed(x)


class _Sparse(nn.Module):
    """EdgeViT's attention on every `step`-th position; a transposed depthwise convolution spreads the result again."""

    def __init__(self, dim: int, heads: int, step: int) -> None:
        super().__init__()
        self.heads, self.step = heads, step
        self.position = nn.Conv2d(dim, dim, 3, 1, 1, groups=dim)
        self.before, self.after = nn.LayerNorm(dim, 1e-6), nn.LayerNorm(dim, 1e-6)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.feed = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))
        if step > 1:
            self.sample = nn.AvgPool2d(1, step)
            self.spread = nn.ConvTranspose2d(dim, dim, step, step, groups=dim)
            self.norm = nn.LayerNorm(dim)

    def attention(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        _, _, dim = x.shape
        if self.step > 1:
            x = self.sample(x.transpose(1, 2).reshape(1, dim, height, width)).flatten(2).transpose(1, 2)
        q, k, v = self.qkv(x).reshape(1, -1, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        x = ((q @ k.transpose(-2, -1)) * (dim // self.heads) ** -0.5).softmax(-1) @ v
        x = x.transpose(1, 2).reshape(1, -1, dim)
        if self.step > 1:
            x = x.permute(0, 2, 1).reshape(1, dim, height // self.step, width // self.step)
            x = self.norm(self.spread(x).reshape(1, dim, -1).permute(0, 2, 1))
        return self.out(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.position(x)
        _, dim, height, width = x.shape
        x = x.flatten(2).transpose(1, 2)
        x = x + self.attention(self.before(x), height, width)
        x = x + self.feed(self.after(x))
        return x.transpose(1, 2).reshape(1, dim, height, width)


class EdgeVit(nn.Sequential):
    """EdgeViT (arXiv 2205.03436); XS by default, for 224x224."""

    def __init__(self, depths: tuple[int, ...] = (1, 1, 3, 1), dims: tuple[int, ...] = (48, 96, 240, 384)) -> None:
        layers: list[nn.Module] = []
        before = 3
        for depth, dim, step, patch in zip(depths, dims, (4, 2, 2, 1), (4, 2, 2, 2), strict=True):
            layers += [nn.Conv2d(before, dim, patch, patch), _Channels(dim)]
            for _ in range(depth):
                layers += [*([_Local(dim)] if step > 1 else []), _Sparse(dim, dim // 48, step)]
            before = dim
        layers += [nn.BatchNorm2d(before), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 1000)]
        super().__init__(*layers)


class CenterNet(nn.Module):
    """CenterNet (arXiv 1904.07850) on ResNet-34: three transposed convolutions, three heads at stride 4, 80 classes."""

    def __init__(self) -> None:
        super().__init__()
        trunk = list(torchvision.models.resnet34(weights=None).children())[:-2]
        for before, after in ((512, 256), (256, 128), (128, 64)):
            trunk += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.trunk = nn.Sequential(*trunk)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Conv2d(64, 64, 3, 1, 1), nn.ReLU(), nn.Conv2d(64, depth, 1)) for depth in (80, 2, 2)
        )

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Heat map, sizes and offsets of a 1x3xHxW image, at a quarter of its sides."""
        x = self.trunk(x)
        heat, size, offset = (head(x) for head in self.heads)
        return heat.sigmoid(), size, offset


class _Mixer(nn.Module):
    """MobileCLIP's reparametrised RepMixer over the tokens: depthwise 1x11, then a convolutional feed-forward."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(dim, dim, (1, 11), padding=(0, 5), groups=dim)
        around = nn.Conv2d(dim, dim, (1, 11), padding=(0, 5), groups=dim)
        self.feed = nn.Sequential(around, nn.Conv2d(dim, 4 * dim, 1), nn.GELU(), nn.Conv2d(4 * dim, dim, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.mix(x.permute(0, 2, 1).unsqueeze(2))
        return (x + self.feed(x)).squeeze(2).permute(0, 2, 1)


class MobileClipText(nn.Module):
    """MobileCLIP-S0's text encoder (arXiv 2311.17049): four transformer layers between two mixers, 77 tokens."""

    def __init__(self, dim: int = 512, heads: int = 8) -> None:
        super().__init__()
        from transformers import CLIPTextConfig, CLIPTextModelWithProjection

        size = {"hidden_size": dim, "num_attention_heads": heads, "intermediate_size": 4 * dim, "num_hidden_layers": 4}
        config = CLIPTextConfig(**size, projection_dim=dim, hidden_act="gelu", attn_implementation="eager")
        whole = CLIPTextModelWithProjection(config)
        self.embed, self.layers = whole.text_model.embeddings, whole.text_model.encoder.layers
        self.first, self.last = _Mixer(dim), _Mixer(dim)
        self.norm, self.out = whole.text_model.final_layer_norm, whole.text_projection

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """The text's vector, from 1x77 token numbers."""
        x = self.first(self.embed(input_ids=tokens))
        for layer in self.layers:
            x = layer(x, None, None)[0]
        x = self.norm(self.last(x))
        return self.out(x[torch.arange(1), tokens.argmax(-1)])
