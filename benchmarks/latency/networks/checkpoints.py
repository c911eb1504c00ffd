"""The sizes that published checkpoints state beside their weights, each from the `config.json` of its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

__all__ = ["CHECKPOINTS", "FILES", "ULTRALYTICS", "config"]

CHECKPOINTS: Mapping[str, Mapping[str, Any]] = {
    "centernet_2d": {"fc.bias": range(1000)},
    "centernet_3d": {"fc.bias": range(1000)},
    "eyegaze": {"nstack": 3, "nfeatures": 32, "nlandmarks": 34},
    "track_anything": {
        "decoder.hidden_update.transform.weight": SimpleNamespace(shape=(192, 64, 3, 3)),
        "key_proj.key_proj.weight": SimpleNamespace(shape=(64, 1024, 3, 3)),
        "value_encoder.fuser.block2.conv2.weight": SimpleNamespace(shape=(512, 512, 3, 3)),
    },
}
"""What a model reads from its checkpoint, by its name at AI Hub."""

FILES: Mapping[str, Any] = {
    "mobilenetv2_w8a8.json": {"model_args": {"num_classes": 1000, "input_size": 224, "width_mult": 1.0}},
}
"""What lies in the files beside a checkpoint, by their name."""

ULTRALYTICS: Mapping[str, tuple[str, int]] = {
    "best": ("yolov8n", 1),  # licence plates
    "yolov3u": ("yolov3", 80),
    "yolov5mu": ("yolov5m", 80),
    "yolov8n-obb": ("yolov8n-obb", 15),  # the classes of DOTA
}
"""The description and the number of classes of a checkpoint of ultralytics; others are called as it is and have 80."""

_MARIAN = {
    "activation_function": "swish",
    "bad_words_ids": None,
    "d_model": 512,
    "decoder_attention_heads": 8,
    "decoder_ffn_dim": 2048,
    "decoder_layers": 6,
    "encoder_attention_heads": 8,
    "encoder_ffn_dim": 2048,
    "encoder_layers": 6,
    "max_position_embeddings": 512,
    "scale_embedding": True,
    "static_position_embeddings": True,
}
_MARIAN_WORDS = {
    "de-en": 58101,
    "en-es": 65001,
    "en-fr": 59514,
    "en-it": 80035,
    "en-zh": 65001,
    "es-en": 65001,
    "fr-en": 59514,
    "it-en": 80035,
}
_BIG_WORDS = {"en-ko": 32001}
_WHISPER = {
    "openai/whisper-tiny": (384, 4, 4, 6, 51865, 80),
    "openai/whisper-base": (512, 6, 6, 8, 51865, 80),
    "openai/whisper-small": (768, 12, 12, 12, 51865, 80),
    "openai/whisper-medium": (1024, 24, 24, 16, 51865, 80),
    "openai/whisper-large-v3-turbo": (1280, 32, 4, 20, 51866, 128),
    "distil-whisper/distil-small.en": (768, 12, 4, 12, 51864, 80),
}
_DETR = {"num_labels": 91, "use_timm_backbone": True, "use_pretrained_backbone": False, "backbone": "resnet50"}


def config(name: str) -> Any:
    """The configuration of the checkpoint `name` of the Hugging Face hub; raises `KeyError` for an unknown one."""
    import transformers as hf

    if name.startswith(("openai/whisper", "distil-whisper")):
        return _whisper(name)
    if name.startswith("Helsinki-NLP/opus-mt-tc-big"):
        big = {"d_model": 1024, "decoder_attention_heads": 16, "decoder_ffn_dim": 4096}
        big |= {"encoder_attention_heads": 16, "encoder_ffn_dim": 4096, "activation_function": "relu"}
        return _marian(_BIG_WORDS[name[-5:]], big)
    if name.startswith("Helsinki-NLP/opus-mt-"):
        return _marian(_MARIAN_WORDS[name.removeprefix("Helsinki-NLP/opus-mt-")], {})
    return _OTHERS[name](hf)


def _marian(words: int, other: Mapping[str, Any]) -> Any:
    import transformers as hf

    sizes = {**_MARIAN, **other}
    return hf.MarianConfig(**sizes, vocab_size=words, pad_token_id=words - 1, decoder_start_token_id=words - 1)


def _whisper(name: str) -> Any:
    import transformers as hf

    width, encoder, decoder, heads, words, mels = _WHISPER[name]
    return hf.WhisperConfig(
        d_model=width,
        encoder_layers=encoder,
        decoder_layers=decoder,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
        vocab_size=words,
        num_mel_bins=mels,
    )


def _depth_anything(hf: Any, stages: list[int]) -> Any:
    backbone = hf.Dinov2Config(
        hidden_size=384,
        num_attention_heads=6,
        num_hidden_layers=12,
        image_size=518,
        patch_size=14,
        out_indices=stages,
        reshape_hidden_states=False,
    )
    return hf.DepthAnythingConfig(backbone_config=backbone)


def _dfine_nano(hf: Any) -> Any:
    from transformers.models.hgnet_v2.configuration_hgnet_v2 import HGNetV2Config

    backbone = HGNetV2Config(
        hidden_sizes=[64, 256, 512, 1024],
        stem_channels=[3, 16, 16],
        stage_in_channels=[16, 64, 256, 512],
        stage_mid_channels=[16, 32, 64, 128],
        stage_out_channels=[64, 256, 512, 1024],
        stage_num_blocks=[1, 1, 2, 1],
        stage_downsample=[False, True, True, True],
        stage_light_block=[False, False, True, True],
        stage_kernel_size=[3, 3, 5, 5],
        stage_numb_of_layers=[3, 3, 3, 3],
        use_learnable_affine_block=True,
        out_features=["stage3", "stage4"],
    )
    return hf.DFineConfig(
        backbone_config=backbone,
        encoder_hidden_dim=128,
        encoder_in_channels=[512, 1024],
        encoder_ffn_dim=512,
        encode_proj_layers=[1],
        feat_strides=[16, 32],
        num_feature_levels=2,
        hidden_expansion=0.34,
        depth_mult=0.5,
        d_model=128,
        decoder_in_channels=[128, 128],
        decoder_ffn_dim=512,
        decoder_layers=3,
        decoder_n_points=[6, 6],
        num_labels=80,
    )


def _trocr_small(hf: Any) -> Any:
    encoder = hf.DeiTConfig(
        hidden_size=384, num_hidden_layers=12, num_attention_heads=6, intermediate_size=1536, image_size=384
    )
    decoder = hf.TrOCRConfig(
        vocab_size=64044,
        d_model=256,
        decoder_layers=6,
        decoder_attention_heads=8,
        decoder_ffn_dim=1024,
        activation_function="relu",
        max_position_embeddings=512,
        cross_attention_hidden_size=384,
        scale_embedding=True,
        tie_word_embeddings=False,
    )
    return hf.VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)


def _siglip2_base(hf: Any) -> Any:
    text = {"vocab_size": 256000, "max_position_embeddings": 64, "hidden_size": 768, "intermediate_size": 3072}
    text |= {"num_hidden_layers": 12, "num_attention_heads": 12}
    vision = {"image_size": 224, "patch_size": 16, "hidden_size": 768, "intermediate_size": 3072}
    return hf.SiglipConfig(text_config=text, vision_config=vision | {"num_hidden_layers": 12})


_OTHERS: Mapping[str, Any] = {
    "apple/mobilevit-small": lambda hf: hf.MobileViTConfig(num_labels=1000),
    "LiheYoung/depth-anything-small-hf": lambda hf: _depth_anything(hf, [9, 10, 11, 12]),
    "depth-anything/Depth-Anything-V2-Small-hf": lambda hf: _depth_anything(hf, [3, 6, 9, 12]),
    "facebook/convnextv2-base-22k-224": lambda hf: hf.ConvNextV2Config(
        depths=[3, 3, 27, 3], hidden_sizes=[128, 256, 512, 1024], num_labels=1000
    ),
    "facebook/detr-resnet-101-dc5": lambda hf: hf.DetrConfig(**{**_DETR, "backbone": "resnet101"}, dilation=True),
    "facebook/detr-resnet-50": lambda hf: hf.DetrConfig(**_DETR),
    "facebook/detr-resnet-50-dc5": lambda hf: hf.DetrConfig(**_DETR, dilation=True),
    "facebook/levit-128S": lambda hf: hf.LevitConfig(
        depths=[2, 3, 4], hidden_sizes=[128, 256, 384], num_attention_heads=[4, 6, 8], num_labels=1000
    ),
    "facebook/vjepa2-vitl-fpc64-256": lambda hf: hf.VJEPA2Config(),
    "facebook/wav2vec2-conformer-rel-pos-large-960h-ft": lambda hf: hf.Wav2Vec2ConformerConfig(
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
        feat_extract_norm="layer",
        conv_bias=True,
        hidden_act="swish",
        position_embeddings_type="relative",
        vocab_size=32,
    ),
    "distilbert/distilbert-base-uncased": lambda hf: hf.DistilBertConfig(),
    "google-bert/bert-base-uncased": lambda hf: hf.BertConfig(),
    "google/electra-base-discriminator": lambda hf: hf.ElectraConfig(
        embedding_size=768, hidden_size=768, num_attention_heads=12, intermediate_size=3072
    ),
    "google/mobilebert-uncased": lambda hf: hf.MobileBertConfig(),
    "google/owlvit-base-patch32": lambda hf: hf.OwlViTConfig(),
    "google/siglip2-base-patch16-224": _siglip2_base,
    "microsoft/beit-base-patch16-224": lambda hf: hf.BeitConfig(
        num_labels=1000, use_relative_position_bias=True, vocab_size=8192
    ),
    "microsoft/conditional-detr-resnet-50": lambda hf: hf.ConditionalDetrConfig(**_DETR),
    "microsoft/trocr-small-handwritten": _trocr_small,
    "nvidia/segformer-b0-finetuned-ade-512-512": lambda hf: hf.SegformerConfig(num_labels=150),
    "sentence-transformers/all-MiniLM-L6-v2": lambda hf: hf.BertConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
    ),
    "ustc-community/dfine-nano-coco": _dfine_nano,
}
