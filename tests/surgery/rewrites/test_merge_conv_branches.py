import numpy as np
import onnx_ir as ir
import pytest
from onnx import ModelProto, numpy_helper

from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, same, types

ID = "merge-conv-branches"
WEIGHTS = ["w", "v", "b", "m", "s", "gamma", "beta", "mean"]


def branches(body: str, extra: str = "", weights: str = "") -> ModelProto:
    text = f"""g (float[N,4,H,9] x{extra}, float[4,4,3,3] w, float[4,4,1,1] v, float[4] b,
        float[4] gamma, float[4] beta, float[4] mean, float[4] var{weights}) => (float[N,4,?,?] y) {{ {body} }}"""
    names = [p.split()[-1] for p in weights.split(", ") if p]
    return model(text, [*WEIGHTS, *names], ["var"])


THREE = "a = Conv<pads=[1,1,1,1]>(x, w, b) "


@pytest.mark.parametrize(
    "body",
    [
        THREE + "c = Conv(x, v, b) y = Add(a, c)",
        THREE + "c = Conv(x, v) y = Add(c, a)",
        THREE + "y = Add(x, a)",
        THREE + "c = Conv(x, v) d = Add(a, c) y = Add(x, d)",
        THREE + "c = Conv(x, v) y = Sum(a, x, c, x)",
        THREE + "c = BatchNormalization(x, gamma, beta, mean, var) y = Add(c, a)",
        "a = Conv<auto_pad=\"SAME_UPPER\">(x, w) c = Conv(x, v, b) y = Add(a, c)",
        "c = Conv(x, v) n = BatchNormalization(x, gamma, beta, mean, var) y = Add(c, n)",
        THREE + "y = Add(a, a)",
    ],
)  # fmt: skip
def test_branches_become_one_convolution(body: str) -> None:
    assert types(fires(ID, branches(body), sites=body.count("Add") + body.count("Sum"))) == ["Conv"]


def test_the_input_scaled_and_shifted_is_a_branch() -> None:
    body = THREE + "p = Mul(m, x) q = Sub(s, p) r = Neg(q) y = Add(q, a) z = Identity(r)"
    weights = ", float[1,4,1,1] m, float[4,1,1] s"
    assert "reads a branch" in refuses(ID, branches(body, weights=weights))
    body = THREE + "p = Mul(m, x) q = Sub(s, p) y = Add(q, a)"
    assert types(fires(ID, branches(body, weights=weights))) == ["Conv"]


@pytest.mark.parametrize("groups", [2, 4])
def test_groups_keep_their_own_channels(groups: int) -> None:
    inner = 4 // groups
    text = f"""g (float[N,4,H,W] x, float[4,{inner},3,3] w, float[4,{inner},1,1] v, float[4] gamma, float[4] beta,
                  float[4] mean, float[4] var) => (float[N,4,H,W] y) {{
        a = Conv<group={groups}, pads=[1,1,1,1]>(x, w)
        c = Conv<group={groups}>(x, v)
        i = BatchNormalization(x, gamma, beta, mean, var)
        d = Add(a, c)
        y = Add(d, i)
    }}"""
    assert types(fires(ID, model(text, WEIGHTS, ["var"]), sites=2)) == ["Conv"]


def test_strides_and_one_axis() -> None:
    text = """g (float[1,4,11] x, float[6,4,5] w, float[6,4,3] v, float[6,4,1] u) => (float[1,6,?] y) {
        a = Conv<pads=[2,2], strides=[2]>(x, w)
        c = Conv<pads=[1,1], strides=[2]>(x, v)
        e = Conv<strides=[2]>(x, u)
        d = Add(a, c)
        y = Add(d, e)
    }"""
    assert types(fires(ID, model(text, ["w", "v", "u"]), sites=2)) == ["Conv"]


def test_dilated_kernels_fall_into_one_another() -> None:
    text = """g (float[1,4,13,13] x, float[4,1,5,5] w, float[4,1,3,3] v) => (float[1,4,13,13] y) {
        a = Conv<group=4, pads=[4,4,4,4], dilations=[2,2]>(x, w)
        c = Conv<group=4, pads=[2,2,2,2], dilations=[2,2]>(x, v)
        d = Add(a, c)
        y = Add(d, x)
    }"""
    made = fires(ID, model(text, ["w", "v"]), sites=2)
    assert types(made) == ["Conv"]


def test_another_kernel_off_the_middle() -> None:
    text = """g (float[1,4,9,9] x, float[4,4,3,3] w, float[4,4,2,2] v) => (float[1,4,9,9] y) {
        a = Conv<pads=[1,1,1,1]>(x, w)
        c = Conv<pads=[0,1,1,0]>(x, v)
        y = Add(a, c)
    }"""
    assert types(fires(ID, model(text, ["w", "v"]))) == ["Conv"]


def test_what_else_is_added_stays() -> None:
    body = THREE + "c = Conv(x, v) d = Add(a, other) y = Add(d, c)"
    assert types(fires(ID, branches(body, ", float[N,4,1,1] other"))) == ["Conv", "Add"]


def test_half_precision() -> None:
    text = """<ir_version: 8, opset_import: ["" : 17]>
    g (float16[1,4,8,8] x, float16[4,4,3,3] w, float16[4] b) => (float16[1,4,8,8] y) {
        a = Conv<pads=[1,1,1,1]>(x, w, b)
        y = Add(x, a)
    }"""
    fires(ID, model(text, ["w", "b"]), tolerance=5e-3)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (THREE + "c = Conv<group=2>(x, u) y = Add(a, c)", "groups differ"),
        ("a = Conv<pads=[1,1,1,1], strides=[2,2]>(x, w) c = Conv(t, v) e = Conv(x, v) y = Add(a, e)", "strides differ"),
        ("a = Conv(x, w) c = Conv(x, v) y = Add(a, c)", "different sizes"),
        ("a = Conv(x, w) y = Add(a, x)", "different sizes"),
        ("a = Conv<pads=[1,1,1,1], strides=[2,2]>(x, w) y = Add(a, x)", "changes the number of channels or the size"),
        ("a = Conv<pads=[2,2,2,2], dilations=[2,2]>(x, w) c = Conv<pads=[1,1,1,1]>(x, w) y = Add(a, c)", "dilations"),
        ("a = Conv<pads=[1,0,1,0]>(x, k) c = Conv<pads=[0,1,0,1]>(x, l) y = Add(a, c)", "would multiply more"),
        (THREE + "c = Conv(x, v) y = Add(a, c) z = Relu(c)", "reads a branch"),
        (THREE + "n, i, j = BatchNormalization<training_mode=1>(x, gamma, beta, mean, var) y = Add(a, n)", "training"),
        (THREE + "r = Relu(x) y = Add(a, r)", ""),
        (THREE + "g = Mul(x, t) y = Add(a, g)", ""),
        (THREE + "c = Conv(x, live) y = Add(a, c)", ""),
        ("y = Add(x, x)", ""),
    ],
)
def test_what_stays(body: str, why: str) -> None:
    weights = ", float[4,2,1,1] u, float[4,4,3,1] k, float[4,4,1,3] l"
    source = branches(body, ", float[N,4,H,9] t, float[4,4,1,1] live", weights)
    found = refuses(ID, source)
    assert why in found if why else found == ""


def test_a_branch_the_model_hands_out_stays() -> None:
    source = branches(THREE + "c = Conv(x, v) y = Add(a, c)")
    source.graph.output.add(name="c").type.tensor_type.elem_type = 1
    assert "reads a branch" in refuses(ID, source)


@pytest.mark.parametrize("groups", [1, 6])
def test_a_block_in_training_form_becomes_one_convolution(groups: int) -> None:
    def norm(at: int) -> str:
        return f"n{at} = BatchNormalization(c{at}, g{at}, s{at}, m{at}, v{at}) "

    rng = np.random.default_rng(3)
    text = f"""<ir_version: 8, opset_import: ["" : 17]> g (float[N,6,H,W] c0) => (float[N,6,H,W] y) {{
        c1 = Conv<group={groups}, pads=[1,1,1,1]>(c0, w1) c2 = Conv<group={groups}>(c0, w2)
        {norm(0)} {norm(1)} {norm(2)}
        zero = Constant<value_float=0.0>()
        d = Add(n1, zero) e = Add(n0, n2) f = Add(e, d)
        h = BatchNormalization(f, g1, s1, m1, v1)
        y = Relu(h) }}"""
    source = parse_model(text)
    for at in range(3):
        for kind, array in zip("gsmv", rng.uniform(0.5, 1.5, (4, 6)), strict=True):
            source.graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), f"{kind}{at}"))
    for name, k in (("w1", 3), ("w2", 1)):
        array = rng.standard_normal((6, 6 // groups, k, k)).astype(np.float32)
        source.graph.initializer.append(numpy_helper.from_array(array, name))
    draft = Draft.open(source)
    sweep(draft, [rewrite(n) for n in ("batchnorm-into-conv", "affine-into-conv", ID)], Ledger())
    made = ir.to_proto(draft.model)
    assert types(made) == ["Conv", "Relu"]
    same(source, made)


def test_a_large_kernel_taken_apart_stays_apart() -> None:
    text = "g (float[1,4,40,40] x, float[4,1,21,21] w) => (float[1,4,40,40] y) {"
    source = model(text + " y = Conv<group=4, pads=[10,10,10,10]>(x, w) }", ["w"])
    draft = Draft.open(source)
    both = [rewrite("large-kernel-to-sum"), rewrite(ID)]
    assert {s.rewrite for s in sweep(draft, both, Ledger(proving=False)).sites} == {"large-kernel-to-sum"}
