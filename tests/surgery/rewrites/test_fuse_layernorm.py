import pytest
from onnx import ModelProto

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 10, opset_import: ["" : %d]>
g (%s x, float[8] s, float[1,8] b, float e, float p, float one, float root, int64[1] axes) => (%s y) {
    %s
}"""
TORCH = "m = ReduceMean(x, axes) d = Sub(x, m) q = Pow(d, p) v = ReduceMean(q, axes) a = Add(v, e) r = Sqrt(a)"
TYPE = "float[N,5,8]"


def source(body: str, opset: int = 18, kind: str = TYPE, axes: int = -1) -> ModelProto:
    constants = {"e": 1e-5, "p": 2.0, "one": 1.0, "root": -0.5, "axes": [axes]}
    return model(TEXT % (opset, kind, kind, body), ["s", "b"], constants=constants)


@pytest.mark.parametrize(
    "body",
    [
        f"{TORCH} z = Div(d, r) w = Mul(z, s) y = Add(w, b)",
        f"{TORCH} z = Div(d, r) w = Mul(s, z) y = Add(b, w)",
        f"{TORCH} z = Div(d, r) y = Mul(z, s)",
        f"{TORCH} z = Div(d, r) y = Add(z, b)",
        f"{TORCH} z = Div(d, r) w = Mul(z, one) y = Add(w, b)",
        f"{TORCH} y = Div(d, r)",
        f"{TORCH} i = Reciprocal(r) z = Mul(i, d) w = Mul(z, s) y = Add(w, b)",
        f"{TORCH} i = Div(one, r) z = Mul(d, i) w = Mul(z, s) y = Add(w, b)",
        f"{TORCH} c = Sub(x, m) z = Div(c, r) w = Mul(z, s) y = Add(w, b)",
        TORCH.replace("r = Sqrt(a)", "r = Pow(a, root)") + " z = Mul(d, r) y = Mul(z, s)",
        TORCH.replace("Pow(d, p)", "Mul(d, d)").replace("Add(v, e)", "Add(e, v)") + " z = Div(d, r) y = Mul(z, s)",
        f"{TORCH} i = Reciprocal(r) f = Mul(i, s) k = Mul(x, f) l = Mul(m, f) o = Sub(b, l) y = Add(k, o)",
        f"{TORCH} i = Reciprocal(r) k = Mul(x, i) l = Mul(m, i) o = Sub(b, l) y = Add(o, k)",
    ],
)
def test_every_spelling_becomes_the_op(body: str) -> None:
    assert types(fires("fuse-layernorm", source(body))) == ["LayerNormalization"]


def test_axes_that_are_an_attribute_count_from_either_end() -> None:
    body = TORCH.replace("(x, axes)", "<axes=[2]>(x)").replace("(q, axes)", "<axes=[-1]>(q)")
    assert types(fires("fuse-layernorm", source(f"{body} z = Div(d, r) y = Mul(z, s)", 17))) == ["LayerNormalization"]


def test_several_last_axes_are_one_normalisation() -> None:
    body = TORCH.replace("axes)", "both)").replace("x, both", "x, both")
    text = TEXT.replace("int64[1] axes", "int64[2] both") % (18, TYPE, TYPE, f"{body} z = Div(d, r) y = Mul(z, s)")
    made = model(text, ["s", "b"], constants={"e": 1e-5, "p": 2.0, "one": 1.0, "root": -0.5, "both": [1, 2]})
    node = fires("fuse-layernorm", made).graph.node[-1]
    assert next(a.i for a in node.attribute if a.name == "axis") == -2


def test_half_precision_keeps_its_type() -> None:
    body = f"{TORCH} z = Div(d, r) w = Mul(z, s) y = Add(w, b)"
    text = (TEXT % (18, TYPE, TYPE, body)).replace("float[", "float16[").replace("float ", "float16 ")
    constants = {"e": 1e-3, "p": 2.0, "one": 1.0, "root": -0.5, "axes": [-1]}
    made = fires("fuse-layernorm", model(text, ["s", "b"], constants=constants), tolerance=1e-2)
    assert types(made) == ["LayerNormalization"]


DONE = f"{TORCH} z = Div(d, r) w = Mul(z, s) y = Add(w, b)"


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (source(DONE.replace("(x, axes)", "<axes=[-1]>(x)").replace("(q, axes)", "<axes=[-1]>(q)"), 16), "opset 16"),
        (source(DONE, axes=1), "over axis 1 of 3"),
        (source(f"{TORCH} z = Div(d, r) k = Mul(z, s) y = Add(k, v)"), "something else reads"),
        (source(f"{TORCH} z = Div(d, r) y = Mul(z, m)"), "something else reads"),
        (source(TORCH.replace("(d, p)", "(d, one)") + " y = Div(d, r)"), ""),
        (source(TORCH.replace("(x, m)", "(m, x)") + " y = Div(d, r)"), ""),
        (source(f"{TORCH} y = Div(r, d)"), ""),
        (source(f"{TORCH} y = Mul(d, r)"), ""),
        (source(f"{TORCH} y = Div(x, r)"), ""),
    ],
)
def test_other_forms_stay(made: ModelProto, why: str) -> None:
    found = refuses("fuse-layernorm", made)
    assert why in found if why else not found


def test_unknown_sizes_stay() -> None:
    made = source(f"{TORCH} y = Div(d, r)", kind="float[5,N]")
    assert "not known" in refuses("fuse-layernorm", made)


def test_a_value_the_graph_hands_out_stays() -> None:
    made = source(f"{TORCH} y = Div(d, r)")
    made.graph.output.append(type(made.graph.output[0])(name="v"))
    made.graph.output[-1].type.tensor_type.elem_type = 1
    assert "something else reads" in refuses("fuse-layernorm", made)


def test_double_precision_stays() -> None:
    text = (TEXT % (18, TYPE, TYPE, DONE)).replace("float[", "double[").replace("float ", "double ")
    constants = {"e": 1e-5, "p": 2.0, "one": 1.0, "root": -0.5, "axes": [-1]}
    assert "float64" in refuses("fuse-layernorm", model(text, ["s", "b"], constants=constants))
