"""What a rewrite says where it is not told enough: of an unknown type, an unknown rank, computed weights, old forms."""

import pytest

from tests.surgery.harness import model, refuses

HEAD = """<ir_version: 8, opset_import: ["" : %d, "my" : 1]>
g (float[2,4,6,8] x, float[2,4,8] n, float[3,4] m, int64[k] s, float[4] c, float[8] e, float[4,4,1,1] w, float[4,4,3] v,
   float[4,2,3,3] h, float[4,4,3,3] q, int64[2] t, float[2] f, float[8,8] a, float[4,2,3,3,3] vol) => (float[1] end)
{ u = my.Odd(x)  r = Reshape(x, s)  %s  end = my.Last(y) }"""
"""`u` has neither a type nor a shape, `r` no rank."""

WEIGHTS = ("c", "e", "w", "v", "h", "q", "f", "a", "vol")


def said(name: str, body: str, opset: int = 18, weights: tuple[str, ...] = WEIGHTS) -> str:
    return refuses(name, model(HEAD % (opset, body), [w for w in weights if w in body.replace(",", " ").split()]))


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("abs-to-max", "y = Abs(u)"),
        ("neg-to-mul", "y = Neg(u)"),
        ("split-sum", "y = Sum(u, x)"),
        ("split-softsign", "y = Softsign(u)"),
        ("split-reduction", "i = my.Odd(x) y = ReduceL2<keepdims=1>(i)"),
        ("gemm-to-matmul", "y = Gemm(u, u)"),
        ("cast-chain", "i = Cast<to=1>(u) y = Cast<to=10>(i)"),
        ("merge-clips", "i = Relu(u) y = Relu(i)"),
        ("batchnorm-to-affine", "y = BatchNormalization(u, c , c , c , c )"),
        ("attention-scale-first", "k = Constant<value = float {0.5}>() i = MatMul(u, u) y = Mul(i, k)"),
        ("where-to-arithmetic", "b = Greater(x, x) y = Where(b, u, u)"),
    ],
)
def test_of_an_unknown_type(name: str, body: str) -> None:
    why = said(name, body)
    assert "not known" in why, why


@pytest.mark.parametrize(
    ("name", "body", "opset"),
    [
        ("softmax-last-axis", "y = Softmax<axis=1>(r)", 18),
        ("global-pool-to-reduce-mean", "y = GlobalAveragePool(r)", 18),
        ("split-groupnorm", "y = GroupNormalization<num_groups=2>(r, c , c )", 21),
        ("split-instancenorm", "y = InstanceNormalization(r, c , c )", 18),
        ("split-layernorm", "y = LayerNormalization(r, e )", 18),
        ("split-rmsnorm", "y = RMSNormalization(r, e )", 23),
        ("split-lpnorm", "y = LpNormalization(r)", 18),
        ("split-mvn", "y = MeanVarianceNormalization(r)", 18),
        ("group-conv-to-split", "y = Conv<group=2>(r, h )", 18),
        ("conv1d-to-conv2d", "y = Conv(r, v )", 18),
        ("conv-transpose-to-depth-to-space", "y = ConvTranspose<strides=[2,2]>(r, q )", 18),
        ("dilation-to-batch", "y = Conv<dilations=[2,2]>(r, q )", 18),
        ("gather-to-slice", "i = Constant<value = int64[2] {1, 2}>() y = Gather<axis=-1>(r, i)", 18),
        ("prelu-to-relu", "y = PRelu(r, c )", 18),
        ("einsum-to-matmul", 'y = Einsum<equation="ij,jk->ik">(r, r)', 18),
        ("resize-to-nearest-repeat", "k = Constant<value = float[4] {1.0,1.0,2.0,2.0}>() y = Resize(r, , k)", 18),
        ("merge-reshapes", "i = Reshape(r, s) y = Reshape(i, t)", 18),
        ("average-pool-to-conv", "y = AveragePool<kernel_shape=[2,2]>(r)", 18),
        ("pad-into-conv", "p = Pad(r, s) y = Conv(p, q )", 18),
    ],
)
def test_of_an_unknown_rank(name: str, body: str, opset: int) -> None:
    why = said(name, body, opset)
    assert "not known" in why, why


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("conv-after-affine", "k = Constant<value = float {2.0}>() i = Mul(x, k) y = Conv(i, z)"),
        ("conv-after-batchnorm", "i = BatchNormalization(x, c , c , c , c ) y = Conv(i, z)"),
        ("affine-into-conv", "i = Conv(x, z) k = Constant<value = float {2.0}>() y = Mul(i, k)"),
        ("trim-kernel", "i = ReduceMean<keepdims=1>(x, j) y = Conv<pads=[1,1,1,1]>(i, z)"),
        ("large-kernel-to-sum", "y = Conv<pads=[4,4,4,4]>(x, z)"),
        ("stem-to-space-to-depth", "y = Conv<strides=[2,2]>(x, z)"),
    ],
)
def test_of_computed_weights(name: str, body: str) -> None:
    size = 9 if name == "large-kernel-to-sum" else 3
    text = (HEAD % (18, "j = Constant<value = int64[2] {2, 3}>() z = Tanh(o) " + body)).replace(
        "float[8,8] a,", f"float[4,4,{size},{size}] o,"
    )
    assert "not constant" in refuses(name, model(text, ["c"] if "c ," in body else []))


@pytest.mark.parametrize(
    ("name", "body", "opset", "why"),
    [
        ("batchnorm-into-conv", "i = Conv(x, w ) y = BatchNormalization(i, c , c , c , c )", 6, "old form"),
        ("gemm-to-matmul", "y = Gemm(m, a , m)", 6, "whether its bias is broadcast"),
        (
            "conv3d-to-conv2d",
            "i = Unsqueeze<axes=[0]>(x) y = Conv<strides=[2,1,1]>(i, vol )",
            9,
            "no steps before opset 10",
        ),
        (
            "conv-transpose-to-depth-to-space",
            "y = ConvTranspose<strides=[2,2], group=2>(x, h )",
            10,
            "no mode CRD before opset 11",
        ),
        ("split-lrn", "y = LRN<size=3>(r)", 18, "with a known number of channels"),
        ("merge-clips", "i = Clip(x) y = Clip(i)", 18, "neither has a bound"),
        ("pad-to-concat", 'y = Pad<mode="reflect">(x, s)', 18, "the widths or the value are not known"),
        (
            "fuse-groupnorm",
            "k = Constant<value = int64[3] {2,3,64}>() p = Constant<value = int64[4] {2,4,6,8}>() l = Tanh(m) "
            "i = Reshape(x, k) j = InstanceNormalization(i, l, l) y = Reshape(j, p)",
            21,
            "groups are not of whole channels",
        ),
        (
            "fuse-groupnorm",
            "k = Constant<value = int64[3] {2,4,48}>() p = Constant<value = int64[4] {2,4,6,8}>() l = Tanh(c) "
            "i = Reshape(x, k) j = InstanceNormalization(i, l, l) y = Reshape(j, p)",
            21,
            "the scale or the bias is no constant",
        ),
        ("split-rmsnorm", "y = RMSNormalization<stash_type=11>(x, e )", 23, "statistics are not in float32"),
        (
            "resize-to-conv-transpose",
            'k = Constant<value = float[4] {1.0,1.0,2.0,2.0}>() y = Resize<mode="linear", exclude_outside=1>(x, , k)',
            18,
            "positions outside are left out",
        ),
        (
            "resize-to-conv-transpose",
            "k = Constant<value = float[4] {1.0,1.0,2.0,2.0}>() "
            'y = Resize<nearest_mode="ceil", coordinate_transformation_mode="asymmetric">(x, , k)',
            18,
            "nearer to another",
        ),
        (
            "resize-to-nearest-repeat",
            'k = Constant<value = float[4] {1.0,1.0,2.0,2.0}>() y = Resize<mode="linear", antialias=1>(x, , k)',
            18,
            "",
        ),
        ("conv-transpose-crop", "y = ConvTranspose<pads=[-1,0,0,0]>(x, q )", 18, "a pad is negative"),
        (
            "conv-transpose-crop",
            "z = Cast<to=3>(q) k = Constant<value = float {1.0}>() "
            "i = DequantizeLinear(z, k) y = ConvTranspose<pads=[1,1,1,1]>(x, i)",
            18,
            "quantised",
        ),
        (
            "pool-ceil-mode",
            "y = MaxPool<kernel_shape=[2,2], strides=[5,5], ceil_mode=1>(x)",
            18,
            "as wide as the window",
        ),
        (
            "pool-ceil-mode",
            "y, i = MaxPool<kernel_shape=[3,3], strides=[2,2], ceil_mode=1>(x) j = Neg(i)",
            18,
            "places of the maxima",
        ),
        (
            "large-pool-to-chain",
            "y, i = MaxPool<kernel_shape=[14,14], pads=[7,7,7,7]>(x) j = Neg(i)",
            18,
            "places of the maxima",
        ),
        ("average-pool-to-conv", "y = AveragePool<kernel_shape=[2,2], dilations=[2,2]>(x)", 19, "windows are dilated"),
        ("prelu-to-relu", "y = PRelu(x, c )", 6, "opset is 6"),
        ("strided-pointwise-to-slice", "y = Conv<strides=[2,2]>(x, w )", 9, "no steps before opset 10"),
        (
            "pad-into-conv",
            "k = Constant<value = int64[8] {0,0,1,1,0,0,1,1}>() o = Constant<value = float {1.0}>() "
            "p = Pad(x, k, o) y = Conv(p, q )",
            18,
            "does not write zeros",
        ),
        (
            "split-concat",
            "i = Concat<axis=1>(x, x) o = Constant<value = int64[2] {3, 5}>() y, j = Split<axis=1>(i, o)",
            18,
            "does not cut where the Concat joined",
        ),
        (
            "transpose-in-steps",
            "o = Constant<value = int64[9] {2,2,2,2,2,2,2,2,3}>() i = Reshape(x, o) "
            "y = Transpose<perm=[8,6,4,2,0,7,5,3,1]>(i)",
            18,
            "more than eight axes",
        ),
        ("einsum-to-matmul", 'y = Einsum<equation="ij->ij">(m, m)', 18, "another number of operands"),
        ("einsum-to-matmul", 'y = Einsum<equation="ijk,jl->il">(m, m)', 18, "does not fit the operands' axes"),
        ("einsum-to-matmul", 'y = Einsum<equation="ij,kj->iz">(m, m)', 18, "not those of the operands"),
        (
            "layernorm-channel-first",
            "i = Transpose<perm=[0,2,3,1]>(x) y = LayerNormalization<stash_type=16>(i, c )",
            18,
            "statistics are not in float32",
        ),
        (
            "layernorm-channel-first",
            "i = Transpose<perm=[0,2,3,1]>(x) y, j, l = LayerNormalization(i, c ) o = Neg(j)",
            18,
            "mean or the inverse deviation is read",
        ),
        (
            "layernorm-channel-first",
            "i = Transpose<perm=[0,2,3,1]>(x) o = Tanh(c) y = LayerNormalization(i, o)",
            18,
            "not one constant a channel",
        ),
    ],
)
def test_of_other_forms(name: str, body: str, opset: int, why: str) -> None:
    found = said(name, body, opset)
    assert why in found, found
    assert bool(found) == bool(why), found
