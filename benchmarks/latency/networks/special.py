"""Networks whose package takes the structure itself from the checkpoint: it is built here from its description."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.latency.networks import speech, standins

__all__ = ["prepare"]

REPOSITORY = "qai_hub_models.models.{}.external_repos.{}"


def prepare(model: str) -> None:
    """Replace what reads the structure of `model`, if it is one of these; call it after `weightless.install`."""
    step = _STEPS.get(model)
    if step is not None:
        step()


def _yolov5_face() -> None:
    """YOLOv5n-face: the description that lies beside the code, one class."""
    source = REPOSITORY.format("yolov5_face", "yolov5_face")
    paths = importlib.import_module("qai_hub_models.models.yolov5_face.external_repos").EXTERNAL_REPO_PATHS
    package = importlib.import_module("qai_hub_models.models.yolov5_face.model")
    yolo = importlib.import_module(f"{source}.models.yolo")

    def described(*args: object, **kwargs: object) -> Any:
        yolo.Detect.export_cat = False  # it needs the strides, which the first run finds
        network = yolo.Model(str(paths["yolov5_face"] / "models" / "yolov5n.yaml"))
        yolo.Detect.export_cat = True
        return network.float().fuse().eval()

    package.attempt_load = described


def _easyocr() -> None:
    """CRAFT to find text and the second generation of the English recognizer, of 97 classes."""
    reader = importlib.import_module("easyocr.easyocr")
    craft = importlib.import_module("easyocr.craft")
    vgg = importlib.import_module("easyocr.model.vgg_model")

    class Reader:
        def __init__(self, *args: object, **kwargs: object) -> None:
            self.detector = craft.CRAFT(pretrained=False).eval()
            self.recognizer = vgg.Model(input_channel=1, output_channel=256, hidden_size=256, num_class=97).eval()

    reader.Reader = Reader


def _gpunet() -> None:
    """The description lies beside the code, the checkpoint is fetched with it."""
    package = importlib.import_module("qai_hub_models.models.gpunet.model")
    configs = package.get_configs
    package.get_configs = lambda **kwargs: configs(**kwargs, download=False)
    package.load_checkpoint = lambda *args, **kwargs: None


def _foot_track_net() -> None:
    """The first layer's weights are looked at to tell grey from colour."""
    package = importlib.import_module("qai_hub_models.models.foot_track_net.model")
    package.FootTrackNet.load_weights = lambda self, path: None


def _rtmdet() -> None:
    """mmdet builds the detector from the configuration it holds, without a checkpoint."""
    import mmdet

    package = importlib.import_module("qai_hub_models.models.rtmdet.model")
    held = Path(mmdet.__file__).parent / ".mim" / "configs" / "rtmdet" / "rtmdet_m_8xb32-300e_coco.py"
    build = package.init_detector
    package.init_detector = lambda config, checkpoint=None, **kwargs: build(str(held), None, **kwargs)


def _rtmpose() -> None:
    """As with mmdet."""
    import mmpose

    package = importlib.import_module("qai_hub_models.models.rtmpose_body2d.model")
    folder = Path(mmpose.__file__).parent / ".mim" / "configs" / "wholebody_2d_keypoint" / "rtmpose"
    held = folder / "coco-wholebody" / "rtmpose-m_8xb64-270e_coco-wholebody-256x192.py"
    inferencer = object.__new__(package.Pose2DInferencer)
    inferencer.model = importlib.import_module("mmpose.apis").init_model(str(held), None, device="cpu")
    package.MMPoseInferencer = lambda *args, **kwargs: SimpleNamespace(inferencer=inferencer)
    package.set_mmpose_inferencer_show_progress = lambda *args: None


def _mobile_facenet() -> None:
    """The face detector beside the network reads its own checkpoint when it is imported."""
    name = REPOSITORY.format("mobile_facenet", "pytorch_mobile_facenet") + ".retinaface.detector"
    sys.modules[name] = standins.empty(name)


def _bird_view() -> None:
    """The backbone asks for trained weights by another way than the rest."""
    network = importlib.import_module("efficientnet_pytorch").EfficientNet
    network.from_pretrained = classmethod(lambda cls, name, **kwargs: cls.from_name(name, **kwargs))


def _cvt() -> None:
    """The checkpoint holds the settings of the experiment, which lie beside the code too."""
    hydra = importlib.import_module("hydra")
    paths = importlib.import_module("qai_hub_models.models.cvt.external_repos").EXTERNAL_REPO_PATHS
    package = importlib.import_module("qai_hub_models.models.cvt.model")
    unused = ("data.dataset_dir=none", "data.labels_dir=none")
    with hydra.initialize_config_dir(str(paths["cross_view_transformers"] / "config"), version_base=None):
        settings = hydra.compose("config", overrides=["+experiment=cvt_nuscenes_vehicle", *unused])
    importlib.import_module("omegaconf").OmegaConf.register_new_resolver("hydra", lambda name: name, replace=True)
    package.load_torch = lambda *args: {"hyper_parameters": settings, "state_dict": {}}
    _bird_view()


def _fomm() -> None:
    """The sizes lie beside the code; ONNX has no inverse of a matrix, and here it is of 2x2."""
    import torch

    def inverse(matrix: torch.Tensor) -> torch.Tensor:
        (a, b), (c, d) = (row.unbind(-1) for row in matrix.unbind(-2))
        adjugate = torch.stack((torch.stack((d, -b), -1), torch.stack((-c, a), -1)), -2)
        return adjugate / (a * d - b * c)[..., None, None]

    torch.inverse = inverse
    paths = importlib.import_module("qai_hub_models.models.fomm.external_repos").EXTERNAL_REPO_PATHS
    package = importlib.import_module("qai_hub_models.models.fomm.model")
    package.DEFAULT_CONFIG = SimpleNamespace(fetch=lambda: paths["first_order_model"] / "config" / "vox-256.yaml")


def _lama() -> None:
    """The generator alone, of the description beside the code; the rest of the module is for training."""
    import yaml
    from torch import nn

    package = importlib.import_module("qai_hub_models.models.lama_dilated.model")
    paths = importlib.import_module("qai_hub_models.models.lama_dilated.external_repos").EXTERNAL_REPO_PATHS
    modules = importlib.import_module(REPOSITORY.format("lama_dilated", "lama") + ".saicinpainting.training.modules")
    described = paths["lama"] / "configs" / "training" / "generator" / "pix2pixhd_multidilated_catin_4dil_9b.yaml"

    def made(*args: object) -> Any:
        network = nn.Module()
        network.concat_mask = True
        network.generator = modules.make_generator(None, **yaml.safe_load(described.read_text()))
        return network

    package._load_lama_dilated_source_model_from_weights = made


def _nasnet() -> None:
    """Padding as in TensorFlow is worked out once, not by float arithmetic on the shape inside the network."""
    padding = importlib.import_module("timm.layers.padding")

    def same(size: Any, kernel: int, stride: int, dilation: int) -> int:
        steps = -(-int(size) // stride)
        return max((steps - 1) * stride + (kernel - 1) * dilation + 1 - int(size), 0)

    padding.get_same_padding = same


def _siglip2() -> None:
    """The mask comes with its four dimensions, which the library of today passes on and that of 2025 does not."""
    modeling = importlib.import_module("transformers.models.siglip.modeling_siglip")
    modeling._prepare_4d_attention_mask = lambda mask, dtype, *args: mask


_STEPS: Mapping[str, Callable[[], None]] = {
    "cvt": _cvt,
    "deepspeech2": speech.deepspeech,
    "easyocr": _easyocr,
    "fomm": _fomm,
    "foot_track_net": _foot_track_net,
    "gkt": _bird_view,
    "gpunet": _gpunet,
    "lama_dilated": _lama,
    "mobile_facenet": _mobile_facenet,
    "nasnet": _nasnet,
    "pyannote_speaker_diarization": speech.pyannote,
    "rtmdet": _rtmdet,
    "rtmpose_body2d": _rtmpose,
    "siglip2": _siglip2,
    "silero_vad": speech.silero,
    "yolov5_face": _yolov5_face,
}
