"""Makes the TFLite hosted models (tensorflow/lite/g3doc/guide/hosted_models.md) with random weights.

    python -m benchmarks.latency.networks.tflite_hosted FOLDER [NAME ...]

Needs TensorFlow. Networks follow TF-Slim's definitions, which pad with SAME where keras.applications adds PAD ops.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["convert", "networks"]

CLASSES = 1001

keras = tf.keras
layers = keras.layers
Tensor = Any


def conv(
    x: Tensor, depth: int, kernel: int | tuple[int, int], stride: int = 1, pad: str = "same", top: float | None = None
) -> Tensor:
    """Convolution, batch normalization, ReLU up to `top`."""
    x = layers.Conv2D(depth, kernel, stride, pad, use_bias=False)(x)
    return layers.ReLU(top)(layers.BatchNormalization()(x))


def depthwise(x: Tensor, kernel: int, stride: int, top: float | None) -> Tensor:
    x = layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False)(x)
    return layers.ReLU(top)(layers.BatchNormalization()(x))


def chain(x: Tensor, *steps: tuple[int, int | tuple[int, int]]) -> Tensor:
    """Convolutions of stride 1, each given as depth and kernel."""
    for depth, kernel in steps:
        x = conv(x, depth, kernel)
    return x


def join(*parts: Tensor) -> Tensor:
    return layers.Concatenate()(list(parts))


def pool(x: Tensor, kernel: int = 3, stride: int = 2, pad: str = "same") -> Tensor:
    return layers.MaxPool2D(kernel, stride, pad)(x)


def average(x: Tensor) -> Tensor:
    return layers.AveragePooling2D(3, 1, "same")(x)


def scores(image: Tensor, x: Tensor) -> keras.Model:
    """Average over the plane, a 1x1 convolution to the classes, softmax."""
    x = layers.Conv2D(CLASSES, 1)(layers.AveragePooling2D(x.shape[1:3])(x))
    return keras.Model(image, layers.Softmax()(layers.Reshape((CLASSES,))(x)))


def photo(side: int) -> Tensor:
    return keras.Input((side, side, 3), batch_size=1)


def rounded(depth: float, by: int = 8) -> int:
    """The next multiple of `by`, never more than a tenth below `depth`."""
    whole = max(by, int(depth + by / 2) // by * by)
    return whole + by if whole < 0.9 * depth else whole


def mobilenet_v1(alpha: float, side: int) -> keras.Model:
    x = image = photo(side)
    x = conv(x, max(int(32 * alpha), 8), 3, 2, top=6.0)
    plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
    for depth, stride in plan:
        x = conv(depthwise(x, 3, stride, 6.0), max(int(depth * alpha), 8), 1, top=6.0)
    return scores(image, x)


def inverted(x: Tensor, expand: int, depth: int, kernel: int, stride: int, top: float | None) -> Tensor:
    """The inverted residual of MobileNet V2 and MnasNet."""
    before = x
    if expand > 1:
        x = conv(x, x.shape[-1] * expand, 1, top=top)
    x = layers.Conv2D(depth, 1, use_bias=False)(depthwise(x, kernel, stride, top))
    x = layers.BatchNormalization()(x)
    return layers.Add()([before, x]) if stride == 1 and before.shape[-1] == depth else x


def mobilenet_v2(alpha: float, side: int) -> keras.Model:
    image = photo(side)
    x = conv(image, rounded(32 * alpha), 3, 2, top=6.0)
    plan = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for expand, depth, count, first in plan:
        for i in range(count):
            x = inverted(x, expand, rounded(depth * alpha), 3, first if i == 0 else 1, 6.0)
    return scores(image, conv(x, rounded(1280 * max(1.0, alpha)), 1, top=6.0))


def mnasnet(alpha: float, side: int) -> keras.Model:
    """MnasNet-B1: the sizes in the table (17 MB at 1.0) are those without squeeze-and-excitation."""
    image = photo(side)
    x = depthwise(conv(image, rounded(32 * alpha), 3, 2), 3, 1, None)
    x = layers.BatchNormalization()(layers.Conv2D(rounded(16 * alpha), 1, use_bias=False)(x))
    plan = [
        *[(3, 24, 3, 3, 2), (3, 40, 5, 3, 2), (6, 80, 5, 3, 2)],
        *[(6, 96, 3, 2, 1), (6, 192, 5, 4, 2), (6, 320, 3, 1, 1)],
    ]
    for expand, depth, kernel, count, first in plan:
        for i in range(count):
            x = inverted(x, expand, rounded(depth * alpha), kernel, first if i == 0 else 1, None)
    return scores(image, conv(x, 1280, 1))


def squeezenet() -> keras.Model:
    """SqueezeNet 1.0; the time in the table (36 ms at four threads) rules out 1.1, a third of its work."""
    image = photo(224)
    x = pool(layers.Conv2D(96, 7, 2, activation="relu")(image), pad="valid")
    for i, (squeeze, expand) in enumerate(
        [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)]
    ):
        x = layers.Conv2D(squeeze, 1, activation="relu")(x)
        wide = layers.Conv2D(expand, 3, padding="same", activation="relu")(x)
        x = join(layers.Conv2D(expand, 1, activation="relu")(x), wide)
        if i in (2, 6):
            x = pool(x, pad="valid")
    x = layers.Conv2D(CLASSES, 1, activation="relu")(x)
    x = layers.Reshape((CLASSES,))(layers.AveragePooling2D(x.shape[1:3])(x))
    return keras.Model(image, layers.Softmax()(x))


def inception_v1() -> keras.Model:
    image = photo(224)
    x = pool(conv(image, 64, 7, 2))
    x = pool(chain(x, (64, 1), (192, 3)))
    plan = [
        *[(64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64), None],
        *[(192, 96, 208, 16, 48, 64), (160, 112, 224, 24, 64, 64), (128, 128, 256, 24, 64, 64)],
        *[(112, 144, 288, 32, 64, 64), (256, 160, 320, 32, 128, 128), None],
        *[(256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)],
    ]
    for i, block in enumerate(plan):
        if block is None:
            x = pool(x, 3 if i < 3 else 2)
            continue
        a, b, c, d, e, f = block
        near = pool(x, 3, 1)
        x = join(conv(x, a, 1), chain(x, (b, 1), (c, 3)), chain(x, (d, 1), (e, 3)), conv(near, f, 1))
    return scores(image, x)


def inception_v2() -> keras.Model:
    image = photo(224)
    x = layers.SeparableConv2D(64, 7, 2, "same", depth_multiplier=8, use_bias=False)(image)
    x = pool(layers.ReLU()(layers.BatchNormalization()(x)))
    x = pool(chain(x, (64, 1), (192, 3)))
    plan = [
        *[(64, 64, 64, 64, 96, 32), (64, 64, 96, 64, 96, 64), (0, 128, 160, 64, 96, 0)],
        *[(224, 64, 96, 96, 128, 128), (192, 96, 128, 96, 128, 128), (160, 128, 160, 128, 160, 96)],
        *[(96, 128, 192, 160, 192, 96), (0, 128, 192, 192, 256, 0)],
        *[(352, 192, 320, 160, 224, 128), (352, 192, 320, 192, 224, 128)],
    ]
    for i, (a, b, c, d, e, f) in enumerate(plan):
        if not a:
            x = join(conv(conv(x, b, 1), c, 3, 2), conv(chain(x, (d, 1), (e, 3)), e, 3, 2), pool(x))
            continue
        near = pool(x, 3, 1) if i == len(plan) - 1 else average(x)
        x = join(conv(x, a, 1), chain(x, (b, 1), (c, 3)), chain(x, (d, 1), (e, 3), (e, 3)), conv(near, f, 1))
    return scores(image, x)


def inception_v4() -> keras.Model:
    image = photo(299)
    flat, tall = (1, 7), (7, 1)
    x = conv(conv(conv(image, 32, 3, 2, "valid"), 32, 3, 1, "valid"), 64, 3)
    x = join(pool(x, pad="valid"), conv(x, 96, 3, 2, "valid"))
    long = chain(x, (64, 1), (64, flat), (64, tall))
    x = join(conv(conv(x, 64, 1), 96, 3, 1, "valid"), conv(long, 96, 3, 1, "valid"))
    x = join(conv(x, 192, 3, 2, "valid"), pool(x, pad="valid"))
    for _ in range(4):
        x = join(
            conv(x, 96, 1), chain(x, (64, 1), (96, 3)), chain(x, (64, 1), (96, 3), (96, 3)), conv(average(x), 96, 1)
        )
    x = join(conv(x, 384, 3, 2, "valid"), conv(chain(x, (192, 1), (224, 3)), 256, 3, 2, "valid"), pool(x, pad="valid"))
    for _ in range(7):
        long = chain(x, (192, 1), (192, tall), (224, flat), (224, tall), (256, flat))
        x = join(conv(x, 384, 1), chain(x, (192, 1), (224, flat), (256, tall)), long, conv(average(x), 128, 1))
    long = conv(chain(x, (256, 1), (256, flat), (320, tall)), 320, 3, 2, "valid")
    x = join(conv(conv(x, 192, 1), 192, 3, 2, "valid"), long, pool(x, pad="valid"))
    flat, tall = (1, 3), (3, 1)
    for _ in range(3):
        short, long = conv(x, 384, 1), chain(x, (384, 1), (448, tall), (512, flat))
        forks = [conv(branch, 256, kernel) for branch in (short, long) for kernel in (flat, tall)]
        x = join(conv(x, 256, 1), *forks, conv(average(x), 256, 1))
    return scores(image, x)


def application(name: str, side: int) -> Callable[[], keras.Model]:
    """A network of keras.applications without its weights."""
    return lambda: getattr(keras.applications, name)(weights=None, input_tensor=photo(side), classes=CLASSES)


def networks() -> Iterator[tuple[str, Callable[[], keras.Model]]]:
    """Name in the table, builder. A name in `_quant` is to be quantised to int8."""
    for end in ("", "_quant"):
        for alpha in ("1.0", "0.75", "0.50", "0.25"):
            for side in (224, 192, 160, 128):
                made = partial(mobilenet_v1, float(alpha), side)
                yield f"Mobilenet_V1_{alpha}_{side}{end}", made
        yield f"Mobilenet_V2_1.0_224{end}", partial(mobilenet_v2, 1.0, 224)
    for alpha, side in [("0.50", 224), ("0.75", 224), *[("1.0", s) for s in (96, 128, 160, 192, 224)], ("1.3", 224)]:
        made = partial(mnasnet, float(alpha), side)
        yield f"MnasNet_{alpha}_{side}", made
    yield "SqueezeNet", squeezenet
    yield "Inception_V1_quant", inception_v1
    yield "Inception_V2_quant", inception_v2
    yield "DenseNet", application("DenseNet121", 224)
    yield "NASNet_mobile", application("NASNetMobile", 224)
    for end in ("_quant", ""):
        yield f"Inception_V3{end}", application("InceptionV3", 299)
        yield f"Inception_V4{end}", inception_v4
    yield "ResNet_V2_101", application("ResNet101V2", 299)
    yield "Inception_ResNet_V2", application("InceptionResNetV2", 299)
    yield "NASNet_large", application("NASNetLarge", 331)


def convert(model: keras.Model, *, quantised: bool) -> bytes:
    """The .tflite file; int8 scales come from two random images.

    The table's files are uint8 throughout; uint8 at the ends alone would add ops that they do not have.
    """
    shape = model.inputs[0].shape
    called = tf.function(lambda x: model(x, training=False)).get_concrete_function(tf.TensorSpec(shape, tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([convert_variables_to_constants_v2(called)])
    if quantised:
        draw = np.random.default_rng(0)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([draw.uniform(-1, 1, shape).astype(np.float32)] for _ in range(2))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def main() -> None:
    """Write the networks that are not in the folder yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for name, build in networks():
        path = given.folder / f"{name}.tflite"
        if path.exists() or (given.names and name not in given.names):
            continue
        keras.backend.clear_session()
        path.write_bytes(convert(build(), quantised=name.endswith("_quant")))
        print(name, flush=True)


if __name__ == "__main__":
    main()
