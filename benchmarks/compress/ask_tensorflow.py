"""Asks TensorFlow's converter how large a network's .tflite is under each scheme.

    python ask_tensorflow.py NETWORK FOLDER     (answers: FOLDER/tflite.csv)

NETWORK is a class of keras.applications, or `lstm` or `encoder`, two small ones made here. Weights are random, biases
and statistics too, for the converter stores equal constants once. The files are kept in FOLDER, NETWORK.SCHEME.tflite.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FIELDS = ("model", "tool", "scheme", "bytes")
SCHEMES = ("fp32", "fp16", "w8", "w8a8", "w8a16")
SIZE = 224


def network(name: str) -> Any:
    """A network with weights as after training."""
    import keras
    import numpy as np

    if name == "lstm":
        read = keras.Input((50, 64), batch_size=1)
        model = keras.Model(read, keras.layers.Dense(40)(keras.layers.LSTM(192, return_sequences=True)(read)))
    elif name == "encoder":
        model = encoder(keras)
    else:
        read = keras.Input((SIZE, SIZE, 3), batch_size=1)
        model = getattr(keras.applications, name)(weights=None, input_tensor=read)
    draw = np.random.default_rng(0)
    for weight in model.weights:
        if len(weight.shape) == 1:
            weight.assign(draw.uniform(0.5, 1.5, weight.shape))
    return model


def encoder(keras: Any) -> Any:
    """Two layers of a transformer over tokens of an embedding."""
    read = keras.Input((64,), batch_size=1, dtype="int32")
    x = keras.layers.Embedding(8000, 128)(read)
    for _ in range(2):
        x = keras.layers.LayerNormalization()(x + keras.layers.MultiHeadAttention(4, 32)(x, x))
        x = keras.layers.LayerNormalization()(
            x + keras.layers.Dense(128)(keras.layers.Dense(512, activation="gelu")(x))
        )
    return keras.Model(read, x)


def converted(model: Any, scheme: str) -> bytes:
    """The file under a scheme: weights alone (`w8`, dynamic range), activations too, or floats."""
    import numpy as np
    import tensorflow as tf

    shape = [1, *model.inputs[0].shape[1:]]
    whole = model.inputs[0].dtype == "int32"
    converter = tf.lite.TFLiteConverter.from_keras_model(model)

    def samples() -> Iterator[list[Any]]:
        draw = np.random.default_rng(0)
        for _ in range(2):
            yield [draw.integers(0, 8000, shape).astype("int32") if whole else draw.random(shape, "float32")]

    if scheme != "fp32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme == "fp16":
        converter.target_spec.supported_types = [tf.float16]
    if scheme in ("w8a8", "w8a16"):
        converter.representative_dataset = samples
        sixteen = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS_INT8 if scheme == "w8a8" else sixteen, tf.lite.OpsSet.TFLITE_BUILTINS,
        ]  # fmt: skip
    return bytes(converter.convert())


def main(name: str, folder: str) -> None:
    """Append one line for each scheme that the converter takes."""
    where = Path(folder)
    answers, model = where / "tflite.csv", network(name)
    new = not answers.exists()
    with answers.open("a", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, FIELDS, lineterminator="\n")
        if new:
            writer.writeheader()
        for scheme in SCHEMES:
            try:
                made = converted(model, scheme)
            except Exception as e:  # whatever stops a converter is its answer
                print(f"{name} {scheme}: {' '.join(str(e).split())[:200]}", file=sys.stderr)
                continue
            (where / f"{name}.{scheme}.tflite").write_bytes(made)
            writer.writerow({"model": name, "tool": "tensorflow", "scheme": scheme, "bytes": len(made)})
            f.flush()


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    main(*sys.argv[1:])
