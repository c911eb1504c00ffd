"""Speech networks whose package hands out checkpoints, or asks for the means of training, to make the structure."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from types import SimpleNamespace
from typing import Any

__all__ = ["deepspeech", "pyannote", "silero"]

PACKAGE = "qai_hub_models.models.{}.model"


def deepspeech() -> None:
    """DeepSpeech 2 is a module of pytorch_lightning, and takes the error rates of its training along."""
    from torch import nn

    class Module(nn.Module):
        def save_hyperparameters(self) -> None:
            """There is no checkpoint to put them into."""

    class Metric:
        def __init__(self, **kwargs: object) -> None: ...

        def add_state(self, name: str, **kwargs: object) -> None:
            """Nothing is counted."""

    importlib.import_module("pytorch_lightning").LightningModule = Module
    importlib.import_module("torchmetrics").Metric = Metric


def silero() -> None:
    """Silero VAD 6 at 16 kHz: an STFT of 256 samples every 128, four convolutions, and a cell of 128."""
    package = importlib.import_module(PACKAGE.format("silero_vad"))
    package.load_silero_vad = lambda **kwargs: SimpleNamespace(_model=_silero())


def pyannote() -> None:
    """The pipeline speaker-diarization-3.1: PyanNet of segmentation-3.0, and the ResNet34 of WeSpeaker on VoxCeleb."""
    package = importlib.import_module(PACKAGE.format("pyannote_speaker_diarization"))
    pipeline = SimpleNamespace(
        _segmentation=SimpleNamespace(model=_pyannet()), _embedding=SimpleNamespace(model_=_wespeaker())
    )
    package.load_pyannote_pipeline = lambda: pipeline


def _silero() -> Any:
    import torch
    from torch import nn

    stft = SimpleNamespace(
        padding=SimpleNamespace(padding=(0, 64)),
        hop_length=128,
        filter_length=256,
        forward_basis_buffer=torch.randn(258, 1, 256),
    )
    encoder = nn.Module()
    for at, (channels, width, stride) in enumerate(((129, 128, 1), (128, 64, 2), (64, 64, 2), (64, 128, 1))):
        block = nn.Module()
        block.reparam_conv = nn.Conv1d(channels, width, 3, stride, 1)
        encoder.add_module(str(at), block)
    last = nn.Sequential(nn.Identity(), nn.ReLU(), nn.Conv1d(128, 1, 1), nn.Sigmoid())
    return SimpleNamespace(stft=stft, encoder=encoder, decoder=SimpleNamespace(rnn=nn.LSTMCell(128, 128), decoder=last))


def _pyannet() -> Any:
    from asteroid_filterbanks import Encoder, ParamSincFB
    from torch import nn

    sinc = nn.Module()
    bank = ParamSincFB(80, 251, stride=10, sample_rate=16000, min_low_hz=50, min_band_hz=50)
    sinc.conv1d = nn.ModuleList((Encoder(bank), nn.Conv1d(80, 60, 5), nn.Conv1d(60, 60, 5)))
    sinc.pool1d = nn.ModuleList(nn.MaxPool1d(3, stride=3) for _ in range(3))
    sinc.norm1d = nn.ModuleList(nn.InstanceNorm1d(width, affine=True) for width in (80, 60, 60))
    sinc.wav_norm1d = nn.InstanceNorm1d(1, affine=True)
    network = nn.Module()
    network.sincnet = sinc
    network.lstm = nn.LSTM(60, 128, num_layers=4, bidirectional=True, batch_first=True)
    network.linear = nn.ModuleList((nn.Linear(256, 128), nn.Linear(128, 128)))
    network.classifier = nn.Linear(128, 7)
    network.activation = nn.LogSoftmax(dim=-1)
    return network.eval()


def _wespeaker() -> Any:
    from torch import nn
    from torchvision.models.resnet import BasicBlock

    def layer(channels: int, width: int, count: int, stride: int) -> Any:
        down = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        first = BasicBlock(channels, width, stride, None if channels == width else down)
        blocks = [first, *(BasicBlock(width, width) for _ in range(count - 1))]
        return nn.Sequential(*blocks)

    resnet = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 32, 3, 1, 1, bias=False),
            bn1=nn.BatchNorm2d(32),
            layer1=layer(32, 32, 3, 1),
            layer2=layer(32, 64, 4, 2),
            layer3=layer(64, 128, 6, 2),
            layer4=layer(128, 256, 3, 2),
            seg_1=nn.Linear(5120, 256),
        )
    )
    whole = nn.Module()
    whole.resnet = resnet
    return whole.eval()
