"""Asks ai-edge-quantizer how large a float .tflite file becomes under each scheme.

    python ask_ai_edge.py ANSWERS.csv MODEL.tflite...

Activations are calibrated on one random input. Its recipes are those of the package, made with their defaults.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

FIELDS = ("model", "tool", "scheme", "bytes")
RECIPES = {
    "w8": "dynamic_wi8_afp32",
    "w4": "dynamic_wi4_afp32",
    "w4-block32": "dynamic_wi4b32_afp32",
    "w8a8": "static_wi8_ai8",
    "w8a16": "static_wi8_ai16",
}


def quantised(path: Path, scheme: str) -> int:
    """Bytes of the file that a recipe makes."""
    from ai_edge_quantizer import quantizer, recipe

    made = quantizer.Quantizer(str(path), getattr(recipe, RECIPES[scheme])())
    calibrated = made.calibrate(samples(path)) if made.need_calibration else None
    return len(made.quantize(calibrated).quantized_model)


def samples(path: Path) -> dict[str, list[dict[str, Any]]]:
    """One random input for each signature of a model."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    runner, draw = Interpreter(str(path)), np.random.default_rng(0)
    found: dict[str, list[dict[str, Any]]] = {}
    for signature in runner.get_signature_list():
        inputs = runner.get_signature_runner(signature).get_input_details()
        found[signature] = [{name: (draw.random(d["shape"]) * 50).astype(d["dtype"]) for name, d in inputs.items()}]
    return found


def main(answers: str, *models: str) -> None:
    """Append one line for each recipe that a model takes."""
    new = not Path(answers).exists()
    with open(answers, "a", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, FIELDS, lineterminator="\n")
        if new:
            writer.writeheader()
        for path in map(Path, models):
            for scheme in RECIPES:
                try:
                    size = quantised(path, scheme)
                except Exception as e:  # whatever stops the quantizer is its answer
                    print(f"{path.name} {scheme}: {' '.join(str(e).split())[:200]}", file=sys.stderr)
                    continue
                name = path.name.removesuffix(".tflite").removesuffix(".fp32")
                writer.writerow({"model": name, "tool": "ai-edge-quantizer", "scheme": scheme, "bytes": size})
                f.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
