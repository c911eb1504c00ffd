"""Pooling."""

import pytest

CASES = {
    "max pool": (
        (
            "g (float[1,8,8,8] x) => (float[1,8,4,4] y) { y = MaxPool <kernel_shape = [3,3], strides = [2,2], "
            "pads = [0,1,1,0]> (x) }"
        ),
        [
            (
                "max_pool x:1x8x8x8 kernel_sizes=(3,3) strides=(2,2) pad_type=custom pad=(0,1,1,0) "
                "ceil_mode=False -> float32[1x8x4x4]"
            )
        ],
    ),
    "max pool with ceil": (
        (
            "g (float[1,8,7,7] x) => (float[1,8,4,4] y) { y = MaxPool <kernel_shape = [2,2], strides = [2,2], "
            "ceil_mode = 1> (x) }"
        ),
        [
            (
                "max_pool x:1x8x7x7 kernel_sizes=(2,2) strides=(2,2) pad_type=valid pad=(0,0,0,0) ceil_mode=True "
                "-> float32[1x8x4x4]"
            )
        ],
    ),
    "max pool of rank 3": (
        "g (float[1,8,8] x) => (float[1,8,4] y) { y = MaxPool <kernel_shape = [2], strides = [2]> (x) }",
        [
            (
                "max_pool x:1x8x8 kernel_sizes=(2,) strides=(2,) pad_type=valid pad=(0,0) ceil_mode=False -> "
                "float32[1x8x4]"
            )
        ],
    ),
    "a window that would start in the end padding is none": (
        (
            "g (float[1,3,9,12] x) => (float[1,3,13,17] y) { y = MaxPool <kernel_shape = [3,5], pads = [5,5,1,5], "
            "ceil_mode = 1> (x) }"
        ),
        [
            (
                "max_pool x:1x3x9x12 kernel_sizes=(3,5) strides=(1,1) pad_type=custom pad=(5,1,5,4) "
                "ceil_mode=False -> float32[1x3x13x17]"
            )
        ],
    ),
    "ceil of a volume is padding": (
        (
            "g (float[1,8,7,7,7] x) => (float[1,8,4,4,4] y) { y = MaxPool <kernel_shape = [2,2,2], strides = "
            "[2,2,2], ceil_mode = 1> (x) }"
        ),
        [
            (
                "max_pool x:1x8x7x7x7 kernel_sizes=(2,2,2) strides=(2,2,2) pad_type=custom pad=(0,1,0,1,0,1) "
                "ceil_mode=False -> float32[1x8x4x4x4]"
            )
        ],
    ),
    "dilated windows have no lowering": (
        "g (float[1,8,8,8] x) => (float[1,8,4,4] y) { y = MaxPool <kernel_shape = [3,3], dilations = [2,2]> (x) }",
        ["onnx.MaxPool X:1x8x8x8 kernel_shape=(3,3) dilations=(2,2) -> float32[1x8x4x4]"],
    ),
    "indices have no lowering": (
        "g (float[1,8,8,8] x) => (float[1,8,7,7] y, int64[1,8,7,7] i) { y, i = MaxPool <kernel_shape = [2,2]> (x) }",
        ["onnx.MaxPool X:1x8x8x8 kernel_shape=(2,2) -> float32[1x8x7x7], int32[1x8x7x7]"],
    ),
    "average pool excludes the padding": (
        (
            "g (float[1,8,8,8] x) => (float[1,8,8,8] y) { y = AveragePool <kernel_shape = [3,3], auto_pad = "
            '"SAME_UPPER"> (x) }'
        ),
        [
            (
                "avg_pool x:1x8x8x8 kernel_sizes=(3,3) strides=(1,1) pad_type=same pad=(0,0,0,0) ceil_mode=False "
                "exclude_padding_from_average=True -> float32[1x8x8x8]"
            )
        ],
    ),
    "average pool includes the padding": (
        (
            "g (float[1,8,8,8] x) => (float[1,8,8,8] y) { y = AveragePool <kernel_shape = [3,3], pads = "
            "[1,1,1,1], count_include_pad = 1> (x) }"
        ),
        [
            (
                "avg_pool x:1x8x8x8 kernel_sizes=(3,3) strides=(1,1) pad_type=custom pad=(1,1,1,1) "
                "ceil_mode=False exclude_padding_from_average=False -> float32[1x8x8x8]"
            )
        ],
    ),
    "l2 pool": (
        "g (float[1,8,8,8] x) => (float[1,8,7,7] y) { y = LpPool <kernel_shape = [2,2]> (x) }",
        [
            (
                "l2_pool x:1x8x8x8 kernel_sizes=(2,2) strides=(1,1) pad_type=valid pad=(0,0,0,0) ceil_mode=False "
                "-> float32[1x8x7x7]"
            )
        ],
    ),
    "global average pool": (
        "g (float[1,8,8,8] x) => (float[1,8,1,1] y) { y = GlobalAveragePool (x) }",
        ["reduce_mean x:1x8x8x8 axes=(2,3) keep_dims=True -> float32[1x8x1x1]"],
    ),
    "global max pool": (
        "g (float[1,8,8] x) => (float[1,8,1] y) { y = GlobalMaxPool (x) }",
        ["reduce_max x:1x8x8 axes=(2,) keep_dims=True -> float32[1x8x1]"],
    ),
    "ceil mode with a window in the padding has no lowering": (
        (
            "g (float[1,8,33,33] x) => (float[1,8,10,10] y) { y = AveragePool <kernel_shape = [2,2], pads = "
            "[1,1,1,1], strides = [4,4], ceil_mode = 1> (x) }"
        ),
        [
            (
                "onnx.AveragePool X:1x8x33x33 kernel_shape=(2,2) pads=(1,1,1,1) strides=(4,4) ceil_mode=1 -> "
                "float32[1x8x10x10]"
            )
        ],
    ),
    "ceil mode of stride 1": (
        "g (float[1,8,9,9,9] x) => (float[1,8,8,8,8] y) { y = MaxPool <kernel_shape = [2,2,2], ceil_mode = 1> (x) }",
        [
            (
                "max_pool x:1x8x9x9x9 kernel_sizes=(2,2,2) strides=(1,1,1) pad_type=valid pad=(0,0,0,0,0,0) "
                "ceil_mode=False -> float32[1x8x8x8x8]"
            )
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
