"""A decomposition computes what ONNX says the op computes."""

import numpy as np
import pytest
from onnx import parser
from onnx.reference import ReferenceEvaluator

from edgeplan.frontends.onnx import parse_text
from edgeplan.lower import lower_to

from .check import check_graph
from .kernels import compute

GRID = "20: g (float[2,3,6,8] x, float[2,4,5,2] p) => (float[2,3,4,5] y) { y = GridSample <%s> (x, p) }"
ROI = (
    "g (float[2,3,8,8] x, float[3,4] r, int64[3] i) => (float[3,3,2,2] y) "
    "{ y = RoiAlign <output_height = 2, output_width = 2, spatial_scale = 0.5, %s> (x, r, i) }"
)
EINSUM = 'g (float[%s] x, float[%s] z) => (float[%s] y) { y = Einsum <equation = "%s"> (x, z) }'
REGIONS = np.asarray([[2, 2, 10, 12], [1, 2, 7, 9], [4, 2, 8, 14]], np.float32)

CASES = {
    "gather": ("g (float[3,5,4] x, int64[2] i) => (float[3,2,4] y) { y = Gather <axis = 1> (x, i) }", {"i": [-1, 2]}),
    "gather elements": (
        "g (float[3,5,4] x, int64[3,2,4] i) => (float[3,2,4] y) { y = GatherElements <axis = 1> (x, i) }",
        {"i": np.arange(24).reshape(3, 2, 4) % 5},
    ),
    "gather elements of unknown size": (
        "g (float[3,5,4] x, int64[N,2,M] i) => (float[N,2,M] y) { y = GatherElements <axis = 1> (x, i) }",
        {"i": np.arange(24).reshape(3, 2, 4) % 5},
    ),
    "gather nd in batches": (
        "g (float[2,3,9] x, int64[2,4,1] i) => (float[2,4,9] y) { y = GatherND <batch_dims = 1> (x, i) }",
        {"i": np.arange(8).reshape(2, 4, 1) % 3},
    ),
    "scatter nd": (
        "g (float[4,9] x, int64[3,1] i, float[3,9] u) => (float[4,9] y) { y = ScatterND (x, i, u) }",
        {"i": [[0], [-1], [2]]},
    ),
    "scatter elements": (
        "g (float[2,9] x, int64[2,2] i, float[2,2] u) => (float[2,9] y) { y = ScatterElements <axis = 1> (x, i, u) }",
        {"i": [[0, -1], [3, 4]]},
    ),
    "scatter elements of unknown size": (
        "g (float[N,9] x, int64[N,2] i, float[N,2] u) => (float[N,9] y) { y = ScatterElements <axis = 1> (x, i, u) }",
        {"x": (2, 9), "i": [[0, -1], [3, 4]], "u": (2, 2)},
    ),
    "the smallest": (
        "g (float[2,9,4] x) => (float[2,3,4] v, int64[2,3,4] i) <int64[1] k = {3}> "
        "{ v, i = TopK <axis = 1, largest = 0> (x, k) }",
        {},
    ),
    "arg min": ("g (float[2,9,4] x) => (int64[2,1,4] y) { y = ArgMin <axis = 1> (x) }", {}),
    "sums": (
        "g (float[2,9] x) => (float[2,9] y) <int64 a = {-1}> { y = CumSum <reverse = 1, exclusive = 1> (x, a) }",
        {},
    ),
    "triangle": ("g (float[2,4,4] x) => (float[2,4,4] y) { y = Trilu (x) }", {}),
    "hardmax": ("g (float[2,9,4] x) => (float[2,9,4] y) { y = Hardmax <axis = 1> (x) }", {}),
    "one hot": (
        "g (int64[2,3] i) => (float[2,5,3] y) <int64 d = {5}, float[2] v = {2, 7}> { y = OneHot <axis = 1> (i, d, v) }",
        {"i": [[0, -1, 2], [3, 4, 1]]},
    ),
    "non zero": ("g (float[2,3] x) => (int64[2,N] y) { y = NonZero (x) }", {"x": [[0, 1, 2], [3, 0, 0]]}),
    "compress": (
        "g (float[2,5] x, bool[5] c) => (float[2,N] y) { y = Compress <axis = 1> (x, c) }",
        {"c": [True, False, True, False, True]},
    ),
    "scores": (EINSUM % ("1,3,2,8", "1,5,2,8", "1,2,3,5", "bqhd,bkhd->bhqk"), {}),
    "ellipses": (EINSUM % ("2,3,8", "2,8,5", "2,3,5", "...ij,...jk->...ik"), {}),
    "elementwise": (EINSUM % ("2,3", "2,3", "3,2", "ab,ab->ba"), {}),
    "inner axis in the middle": (EINSUM % ("2,3,4", "3,5", "2,5,4", "abc,bd->adc"), {}),
    "outer": (EINSUM % ("2,3", "4,5", "2,3,4,5", "ab,cd->abcd"), {}),
    "summed away": (EINSUM % ("2,3,4", "3", "2", "abx,b->a"), {}),
    "masked attention": (
        "23: g (float[1,2,3,8] q, float[1,2,5,8] k, float[1,2,5,8] v, bool[3,5] m) => (float[1,2,3,8] y) "
        "{ y = Attention (q, k, v, m) }",
        {"m": np.tri(3, 5, 1, dtype=bool)},
    ),
    "grouped causal attention": (
        "23: g (float[1,3,32] q, float[1,3,16] k, float[1,3,16] v) => (float[1,3,32] y) "
        "{ y = Attention <q_num_heads = 4, kv_num_heads = 2, is_causal = 1> (q, k, v) }",
        {},
    ),
    "attention with a cache": (
        "23: g (float[1,2,2,8] q, float[1,2,2,8] k, float[1,2,2,8] v, float[1,2,P,8] a, float[1,2,P,8] b) => "
        "(float[1,2,2,8] y, float[1,2,Q,8] c, float[1,2,Q,8] d) "
        "{ y, c, d = Attention <is_causal = 1, softcap = 5.0> (q, k, v, , a, b) }",
        {"a": (1, 2, 4, 8), "b": (1, 2, 4, 8)},
    ),
    "rotary embedding": (
        "23: g (float[1,2,3,8] x, float[1,3,4] c, float[1,3,4] s) => (float[1,2,3,8] y) "
        "{ y = RotaryEmbedding (x, c, s) }",
        {},
    ),
    "sampled bilinearly": (GRID % 'mode = "linear"', {}),
    "sampled at corners": (GRID % 'mode = "linear", padding_mode = "border", align_corners = 1', {}),
    "sampled nearest": (GRID % 'mode = "nearest"', {}),
    "sampled nearest at the border": (GRID % 'mode = "nearest", padding_mode = "border"', {}),
    "regions": (ROI % "sampling_ratio = 2", {"r": REGIONS, "i": [0, 1, 1]}),
    "regions of old": (
        ROI % 'sampling_ratio = 1, coordinate_transformation_mode = "output_half_pixel"',
        {"r": REGIONS, "i": [0, 1, 1]},
    ),
    "suppression": (
        "g (float[1,6,4] b, float[1,2,6] s) => (int64[N,3] y) "
        "<int64[1] m = {4}, float[1] i = {0.3}, float[1] t = {0.1}> { y = NonMaxSuppression (b, s, m, i, t) }",
        {
            "b": [[[k % 3, k % 2, k % 3 + 2.5, k % 2 + 3] for k in range(6)]],
            "s": [[[0.9, 0.8, 0.7, 0.6, 0.5, 0.05], [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]]],
        },
    ),
    "dynamic quantisation": (
        "g (float[2,4] x) => (uint8[2,4] y, float s, uint8 z) { y, s, z = DynamicQuantizeLinear (x) }",
        {},
    ),
    "determinant": ("g (float[2,3,3] x) => (float[2] y) { y = Det (x) }", {}),
    "spectrum": ("20: g (float[1,16,1] x) => (float[1,9,2] y) { y = DFT <onesided = 1> (x) }", {}),
    "window": ("g (int64 n) => (float[N] y) { y = BlackmanWindow <periodic = 0> (n) }", {"n": 9}),
    "crop and pad": (
        "g (float[10,4,3] x) => (float[7,9,3] y) <int64[2] s = {7, 9}> { y = CenterCropPad <axes = [0, 1]> (x, s) }",
        {},
    ),
    "columns to an image": (
        "g (float[1,9,16] x) => (float[1,1,4,4] y) <int64[2] i = {4, 4}, int64[2] k = {3, 3}> "
        "{ y = Col2Im <pads = [1,1,1,1]> (x, i, k) }",
        {},
    ),
    "likelihood": (
        "g (float[2,5,3] x, int64[2,3] t) => (float y) { y = NegativeLogLikelihoodLoss (x, t) }",
        {"t": [[0, 1, 2], [3, 4, 0]]},
    ),
    "likelihood without one class": (
        "g (float[2,5,3] x, int64[2,3] t) => (float y) { y = NegativeLogLikelihoodLoss <ignore_index = 1> (x, t) }",
        {"t": [[0, 1, 2], [3, 1, 0]]},
    ),
    "cross entropy": (
        "g (float[2,5] x, int64[2] t, float[5] w) => (float y) { y = SoftmaxCrossEntropyLoss (x, t, w) }",
        {"t": [1, 4], "w": [1, 2, 3, 4, 5]},
    ),
}


@pytest.mark.parametrize(("text", "given"), CASES.values(), ids=CASES.keys())
def test_computes_the_same(text, given):
    opset, _, body = text.partition(": ") if text.partition(": ")[0].isdigit() else ("18", "", text)
    text = f'<ir_version: 10, opset_import: ["" : {opset}]> {body}'
    source = parse_text(text)
    rng = np.random.default_rng(0)
    inputs = {}
    for name in source.inputs:
        value = source.values[name]
        wanted = given.get(name, value.shape)
        drawn = isinstance(wanted, tuple)
        array = rng.standard_normal(wanted) if drawn else np.asarray(wanted)
        inputs[name] = array.astype(np.dtype(value.dtype.label))
    lowered = lower_to(source, "tflite", fusions=("affine",))
    check_graph(lowered)
    held = {
        tensor: _as_held(inputs[name], lowered.values[tensor].shape, source.values[name].shape)
        for name, tensor in zip(source.inputs, lowered.inputs, strict=True)
    }
    expected = ReferenceEvaluator(parser.parse_model(text)).run(None, inputs)
    for name, wanted, found in zip(source.outputs, expected, compute(lowered, held), strict=True):
        made = _as_held(np.asarray(wanted), found.shape, source.values[name].shape)
        assert made.shape == found.shape, name
        np.testing.assert_allclose(found.astype(np.float64), made.astype(np.float64), rtol=1e-3, atol=1e-4)


def _as_held(array, shape, own):
    """An array with its channels last where the lowered graph holds it so."""
    return array if own == shape or array.ndim < 3 or array.shape == shape else np.moveaxis(array, 1, -1)


def test_inverts():
    text = '<ir_version: 10, opset_import: ["" : 18, "com.microsoft" : 1]> g (float[2,4,4] x) => (float[2,4,4] y) '
    lowered = lower_to(parse_text(text + "{ y = com.microsoft.Inverse (x) }"), "tflite")
    x = np.random.default_rng(0).standard_normal((2, 4, 4)).astype(np.float32)
    (found,) = compute(lowered, {lowered.inputs[0]: x})
    np.testing.assert_allclose(found @ x, np.eye(4) * np.ones((2, 1, 1)), atol=1e-3)
