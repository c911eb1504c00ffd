"""Makes the networks of the iPhone and iPad tables with random weights, branches merged as the tables' authors did.

    python -m benchmarks.latency.networks.iphone FOLDER [FILE ...]

Needs torch, torchvision, transformers, diffusers and timm of at least 1.0.20.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import timm
import torch
from timm.utils.model import reparameterize_model
from torch import nn

from benchmarks.latency.networks.catalog import Made, Wanted, distinct, image, run
from benchmarks.latency.networks.iphone_nets import CenterNet, EdgeVit, MobileClipText

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["classifier", "wanted"]

APPLE = "coremltools_quantization_iphone14pro_15pro.csv"
PALETTES = "coremltools_palettization_iphone14pro.csv"
CLIP = "mobileclip_iphone12promax.csv"
HUB = "hf_and_misc_device_latency.csv"
PUBLIC = "misc_public.csv"
IPHONE12 = "iphone12_coreml.csv"
DIFFUSION = "stable_diffusion_devices.csv"


def classifier(name: str, side: int, batch: int = 1, **given: int) -> Made:
    """A network of timm, its attention as plain products, its parallel branches merged."""
    timm.layers.set_fused_attn(False)
    network = distinct(timm.create_model(name, pretrained=False, **given).eval())
    return reparameterize_model(network), [image(side, batch=batch)]


def repvit_m0_6() -> Made:
    """Sizes of the authors' repository (THU-MIG/RepViT model/repvit.py); without the second, distilled head."""
    from timm.models.repvit import RepVit

    model = RepVit(embed_dim=(40, 80, 160, 320), depth=(1, 1, 8, 1), distillation=False)
    return reparameterize_model(distinct(model).eval()), [image(224)]


class Only(nn.Module):
    """Returns one output of a network that answers with many."""

    def __init__(self, network: nn.Module, *fields: str) -> None:
        super().__init__()
        self.network, self.fields = network, fields

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        answer = self.network(*given)
        return tuple(getattr(answer, field) for field in self.fields)


def clip_text_small() -> Made:
    """MobileCLIP-S0's text encoder."""
    return MobileClipText(), [torch.randint(0, 49408, (1, 77))]


def clip_text(dim: int, heads: int) -> Made:
    """CLIP's text encoder of 12 layers for 77 tokens."""
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    size = {"hidden_size": dim, "num_attention_heads": heads, "intermediate_size": 4 * dim, "num_hidden_layers": 12}
    config = CLIPTextConfig(**size, projection_dim=dim, hidden_act="gelu", attn_implementation="eager")
    return Only(CLIPTextModelWithProjection(config), "text_embeds"), [torch.randint(0, 49408, (1, 77))]


def depth_anything(height: int, width: int) -> Made:
    """Depth Anything small: DINOv2 ViT-S/14, features of four layers."""
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

    trunk = Dinov2Config(
        hidden_size=384,
        num_attention_heads=6,
        image_size=518,
        patch_size=14,
        out_indices=[3, 6, 9, 12],
        reshape_hidden_states=False,
        attn_implementation="eager",
    )
    config = DepthAnythingConfig(
        backbone_config=trunk,
        reassemble_hidden_size=384,
        neck_hidden_sizes=[48, 96, 192, 384],
        fusion_hidden_size=64,
    )
    return Only(DepthAnythingForDepthEstimation(config), "predicted_depth"), [image(height, width)]


def detr(side: int) -> Made:
    """DETR with its mask head."""
    from transformers import DetrConfig, DetrForSegmentation

    config = DetrConfig(use_pretrained_backbone=False, num_labels=250, attn_implementation="eager")
    model = DetrForSegmentation(config)
    return Only(model, "logits", "pred_masks"), [image(side), torch.ones(1, side, side, dtype=torch.long)]


def diffusion_unet(batch: int) -> Made:
    """The denoiser of Stable Diffusion 2.1 base, with and without the prompt in one batch."""
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention_processor import AttnProcessor

    model = UNet2DConditionModel(
        sample_size=64, cross_attention_dim=1024, attention_head_dim=(5, 10, 20, 20), use_linear_projection=True
    )
    model.set_attn_processor(AttnProcessor())
    return Only(model, "sample"), [torch.randn(batch, 4, 64, 64), torch.ones(batch), torch.randn(batch, 77, 1024)]


def diffusion_decoder() -> Made:
    """The image decoder of Stable Diffusion 2.1 base."""
    from diffusers import AutoencoderKL
    from diffusers.models.attention_processor import AttnProcessor

    kinds = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    model = AutoencoderKL(**kinds, block_out_channels=(128, 256, 512, 512), layers_per_block=2)
    model.set_attn_processor(AttnProcessor())
    return nn.Sequential(model.post_quant_conv, model.decoder), [torch.randn(1, 4, 64, 64)]


def wanted() -> Iterator[Wanted]:
    """Classifiers first, diffusion last."""
    rows = (APPLE, "MobileViTv2-1.0"), (PALETTES, "MobileViTv2-1.0")
    yield Wanted("mobilevitv2_100_256", rows, "mobilevitv2", partial(classifier, "mobilevitv2_100", 256))
    rows = (PALETTES, "MobileNetv3-small"), ("coremltools_pruning_iphone14pro.csv", "MobileNetv3-small")
    yield Wanted("mobilenetv3_small_224", rows, "mobilenet_v3", partial(classifier, "mobilenetv3_small_100", 224))
    rows = ((PALETTES, "CenterNet (ResNet34 backbone)"),)
    yield Wanted("centernet_resnet34_512", rows, "centernet", lambda: (CenterNet(), [image(512)]), "likely")
    for size in ("XS", "S", "L1", "L3"):
        made = partial(classifier, f"swiftformer_{size.lower()}", 224)
        yield Wanted(f"swiftformer_{size.lower()}_224", ((PUBLIC, f"SwiftFormer-{size}"),), "swiftformer", made)
    rows = ((PUBLIC, "MobileNetV4-Conv-Medium 224"),)
    made = partial(classifier, "mobilenetv4_conv_medium", 224)
    yield Wanted("mobilenetv4_conv_medium_224", rows, "mobilenet_v4", made)
    yield Wanted("repvit_m0_6_224", ((IPHONE12, "RepViT-M0.6"),), "repvit", repvit_m0_6)
    yield Wanted("edgevit_xs_224", ((IPHONE12, "EdgeViT-XS"),), "edgevit", lambda: (EdgeVit(), [image(224)]))
    rows = ((HUB, "MobileNetV2x1.4"),)
    yield Wanted("mobilenetv2_140_224", rows, "mobilenet_v2", partial(classifier, "mobilenetv2_140", 224))
    rows = ((HUB, "DepthAnythingSmallF16"),)
    yield Wanted("depth_anything_small_518x396", rows, "depth_anything", partial(depth_anything, 396, 518))
    rows = ((HUB, "DETRResnet50SemanticSegmentationF16"),)
    yield Wanted("detr_resnet50_segmentation_448", rows, "detr", partial(detr, 448), "likely")
    for letter, trunk, width in (
        ("S0", "mci0", 512),
        ("S1", "mci1", 512),
        ("S2", "mci2", 512),
        ("S3", "mci3", 768),
        ("S4", "mci4", 768),
    ):
        rows = tuple((CLIP, f"MobileCLIP{two}-{letter} img") for two in ("", *(["2"] if letter != "S1" else [])))
        made = partial(classifier, f"fastvit_{trunk}", 256, num_classes=width)
        yield Wanted(f"mobileclip_{letter.lower()}_image", rows, "fastvit_mci", made)
    rows = tuple((CLIP, f"MobileCLIP{which} img") for which in ("-B", "-B (LT)", "2-B"))
    yield Wanted("mobileclip_b_image", rows, "vit", partial(classifier, "vit_base_mci_224", 224, num_classes=512))
    rows = tuple((CLIP, f"MobileCLIP{which} img") for which in ("-L/14", "2-L/14"))
    made = partial(classifier, "vit_large_patch14_clip_224", 224, num_classes=768)
    yield Wanted("mobileclip_l14_image", rows, "vit", made, "likely")
    rows = tuple((CLIP, f"MobileCLIP{which} txt") for which in ("-S0", "2-S0"))
    yield Wanted("mobileclip_s0_text", rows, "clip_text", clip_text_small, "likely")
    names = ("-S1", "-S2", "2-S2", "-B", "-B (LT)", "2-B")
    rows = tuple((CLIP, f"MobileCLIP{which} txt") for which in names)
    yield Wanted("mobileclip_base_text", rows, "clip_text", partial(clip_text, 512, 8))
    rows = tuple((CLIP, f"MobileCLIP{which} txt") for which in ("-S3", "2-S3", "-S4", "2-S4", "-L/14", "2-L/14"))
    yield Wanted("mobileclip_large_text", rows, "clip_text", partial(clip_text, 768, 12))
    rows = ((DIFFUSION, "stable-diffusion-2-1-base decoder"),)
    yield Wanted("sd21_base_vae_decoder_512", rows, "sd_vae", diffusion_decoder)
    rows = ((DIFFUSION, "stable-diffusion-2-1-base unet"),)
    yield Wanted("sd21_base_unet_b2", rows, "sd_unet", partial(diffusion_unet, 2))


if __name__ == "__main__":
    run(str(__doc__), wanted)
