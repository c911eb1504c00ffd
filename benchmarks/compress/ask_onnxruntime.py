"""Asks onnxruntime.quantization how large an ONNX model becomes with weights and activations of 8 bits (QDQ).

    python ask_onnxruntime.py ANSWERS.csv MODEL.onnx...

One random input calibrates; scales are per channel. The model is cleaned up first, as the tool advises.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path
from typing import Any

FIELDS = ("model", "tool", "scheme", "bytes")


class _One:
    """A random input, once."""

    def __init__(self, path: str) -> None:
        import numpy as np
        import onnxruntime

        draw = np.random.default_rng(0)
        inputs = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).get_inputs()
        whole = {"tensor(int64)": "int64", "tensor(int32)": "int32"}
        self.left: list[dict[str, Any]] = [
            {
                i.name: (draw.random(i.shape) * (2 if i.type in whole else 1)).astype(whole.get(i.type, "float32"))
                for i in inputs
            }
        ]

    def get_next(self) -> dict[str, Any] | None:
        """The next input, None after the last."""
        return self.left.pop() if self.left else None


def quantised(path: Path, folder: str, scheme: str) -> int:
    """Bytes of the model with integers throughout."""
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    clean, made = f"{folder}/clean.onnx", f"{folder}/made.onnx"
    quant_pre_process(str(path), clean, skip_symbolic_shape=True)
    activations = QuantType.QUInt8 if scheme == "w8a8" else QuantType.QUInt16
    quantize_static(
        clean, made, _One(clean), quant_format=QuantFormat.QDQ, per_channel=True, weight_type=QuantType.QInt8,
        activation_type=activations, extra_options={"UseQDQContribOps": scheme != "w8a8"},
    )  # fmt: skip
    return Path(made).stat().st_size


def main(answers: str, *models: str) -> None:
    """Append one line for each scheme that a model takes."""
    new = not Path(answers).exists()
    with open(answers, "a", newline="", encoding="utf-8") as f, tempfile.TemporaryDirectory() as folder:
        writer = csv.DictWriter(f, FIELDS, lineterminator="\n")
        if new:
            writer.writeheader()
        for path in map(Path, models):
            for scheme in ("w8a8", "w8a16"):
                try:
                    size = quantised(path, folder, scheme)
                except Exception as e:  # whatever stops the tool is its answer
                    print(f"{path.name} {scheme}: {' '.join(str(e).split())[:200]}", file=sys.stderr)
                    continue
                name = path.name.removesuffix(".onnx")
                writer.writerow({"model": name, "tool": "onnxruntime", "scheme": scheme, "bytes": size})
                f.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
