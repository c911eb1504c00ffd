"""Builds, with random weights, the networks that Qualcomm AI Hub measured, each by the code that AI Hub exports.

    python -m benchmarks.latency.networks.aihub FOLDER [MODEL ...]

The package `qai_hub_models` holds the code and the input shapes of every network; here its checkpoints are left out,
so nothing is downloaded but the source of a network that has a repository of its own, by git. The environment: torch,
torchvision, onnx, onnxscript, `qai_hub_models==0.65.0` and `qai_hub_models_cli==0.65.0` without what they depend on,
qai-hub, gitpython, pydantic_yaml, ruamel-yaml, schema, datasets, transformers 4.56.2, timm 1.0.15, ultralytics 8.4.45,
and for single networks openai-clip, yolox, easyocr, hydra-core, hdf5storage, easydict, geffnet, sentencepiece,
scikit-image, segment_anything, asteroid-filterbanks, efficientnet-pytorch, mmdet 3.3.0, mmpose and mmcv-lite 2.1.0.
EdgeTAM needs the `sam2` of its repository on the path, DeepSpeech 2 the `deepspeech_pytorch` of its own. Of networks
with several components, those that can be made are written even where another cannot. Release 0.47.0 in the place of
0.65.0 makes the networks of `measured/qnn_aihub_047.csv`, which are no longer in it.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.latency.networks import aihub_models, special, standins, weightless
from benchmarks.latency.networks.export import write

__all__ = ["components", "main"]

SECONDS = 600.0


def components(model: str) -> Iterator[tuple[str, Any]]:
    """The networks that `model` is made of, as (component, network); one without components has the name ''."""
    package = importlib.import_module(f"qai_hub_models.models.{model}")
    made = package.Model.from_pretrained()
    if hasattr(made, "components"):
        yield from made.components.items()
    else:
        yield "", made


def build(folder: Path, model: str) -> None:
    """Write the files of `model`; raises RuntimeError where one cannot be made."""
    import torch  # this, and what imports it, once `main` has put up the stand-ins
    from qai_hub_models.utils.input_spec import make_torch_inputs

    from benchmarks.latency.networks.catalog import counted, distinct

    torch.manual_seed(0)
    failed = []
    for component, network in components(model):
        name = component or aihub_models.display(model)
        path = folder / f"{model}__{name.replace('/', '-')}.onnx"
        try:
            how = write(distinct(network), make_torch_inputs(network.get_input_spec()), path)
        except Exception as error:
            print(f"FAILED {path.stem}: {type(error).__name__}: {str(error)[:600]}", flush=True)
            failed.append(path.stem)
            continue
        print(f"{counted(path)}, {how}", flush=True)
    if failed:
        raise RuntimeError(f"not made: {', '.join(failed)}")


def main() -> int:
    """Build the models asked for, or all, each in a fork of a process that has imported what all of them need."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="*")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    standins.install()
    for name in ("torchvision", "transformers", "timm", "ultralytics", "qai_hub_models.utils.base_model"):
        importlib.import_module(name)
    return sum([_forked(options.folder, model) for model in options.models or aihub_models.MODELS])


def _forked(folder: Path, model: str) -> int:
    begun = time.monotonic()
    process = multiprocessing.get_context("fork").Process(target=_one, args=(folder, model))
    process.start()
    process.join(SECONDS)
    if process.is_alive():
        process.terminate()
        process.join()
    print(f"{model}: {'done' if process.exitcode == 0 else 'FAILED'}, {time.monotonic() - begun:.0f} s", flush=True)
    return int(process.exitcode != 0)


def _one(folder: Path, model: str) -> None:
    weightless.install(model)
    special.prepare(model)
    build(folder, model)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
