from pathlib import Path
from typing import Any

import onnx_ir as ir
import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types

SAMPLES = Path(__file__).parents[3] / "samples"

TEXT = """<ir_version: 8, opset_import: ["" : %d]> g (%s[N,4,6] x%s) => (%s[N,4,6] y) {
    a = Neg(x)
    b = %s
    y = Ceil(b)
}"""


def around(op: str, kind: str = "float", opset: int = 18, **constants: tuple[str, Any]) -> Any:
    more = "".join(f", {declared} {name}" for name, (declared, _) in constants.items())
    contents = {name: given for name, (_, given) in constants.items()}
    return model(TEXT % (opset, kind, more, kind, op), constants=contents)


@pytest.mark.parametrize(
    ("op", "constants"),
    [
        ("Identity(a)", {}),
        ("Dropout(a)", {}),
        ("Dropout(a, r, t)", {"r": ("float", 0.5), "t": ("bool", False)}),
        ("Cast<to=1>(a)", {}),
        ("Add(a, c)", {"c": ("float[1]", [0])}),
        ("Add(c, a)", {"c": ("float", 0)}),
        ("Sub(a, c)", {"c": ("float[4,6]", [[0] * 6] * 4)}),
        ("Mul(c, a)", {"c": ("float[1,1]", [[1]])}),
        ("Div(a, c)", {"c": ("float[6]", [1] * 6)}),
        ("Pow(a, c)", {"c": ("int64", 1)}),
        ("Pad(a, p)", {"p": ("int64[6]", [0] * 6)}),
        ('Pad<mode="reflect">(a, p)', {"p": ("int64[6]", [0] * 6)}),
        ("Slice(a, s, e, x)", {"s": ("int64[1]", [0]), "e": ("int64[1]", [99]), "x": ("int64[1]", [2])}),
        ("Tile(a, r)", {"r": ("int64[3]", [1, 1, 1])}),
        ("Expand(a, r)", {"r": ("int64[2]", [1, 6])}),
        ("Reshape(a, r)", {"r": ("int64[3]", [-1, 4, 6])}),
        ("Concat<axis=1>(a)", {}),
        ("Max(a)", {}),
        ("Split<axis=1>(a, r)", {"r": ("int64[1]", [4])}),
        ("Resize(a, , s)", {"s": ("float[3]", [1, 1, 1])}),
        ("MaxPool<kernel_shape=[1]>(a)", {}),
        ("AveragePool<kernel_shape=[1], strides=[1], pads=[0,0]>(a)", {}),
        ("Clip(a)", {}),
    ],
)
def test_what_changes_nothing_goes(op: str, constants: dict[str, tuple[str, Any]]) -> None:
    renamed = {("k" if name == "x" else name): given for name, given in constants.items()}
    made = fires("drop-no-op", around(op.replace(", x)", ", k)"), **renamed))
    assert types(made) == ["Neg", "Ceil"]


@pytest.mark.parametrize("op", ["Dropout<ratio=0.5>(a)", "Pad<pads=[0,0,0,0,0,0]>(a)", "Clip(a)"])
def test_the_older_forms_go(op: str) -> None:
    assert types(fires("drop-no-op", around(op, opset=9))) == ["Neg", "Ceil"]


def test_float16_and_integers() -> None:
    assert types(fires("drop-no-op", around("Mul(a, c)", "float16", c=("float16", 1)))) == ["Neg", "Ceil"]
    text = "g (int64[N] x, int64 c) => (int64[N] y) { a = Abs(x) b = Add(a, c) y = Neg(b) }"
    assert types(fires("drop-no-op", model(text, constants={"c": 0}))) == ["Abs", "Neg"]


def test_the_second_of_two_goes() -> None:
    text = "g (float[N,5] x) => (float[N,5] y) { a = %s(x) b = %s(a) y = Cos(b) }"
    for first, second in (("Relu", "Relu"), ("Sigmoid", "Relu"), ("Exp", "Abs"), ("Floor", "Ceil")):
        assert types(fires("drop-no-op", model(text % (first, second)))) == [first, "Cos"]
    assert types(fires("drop-no-op", model(text % ("Neg", "Neg")))) == ["Cos"]


def test_a_reduction_over_axes_of_size_1_goes() -> None:
    text = "g (float[N,5,1] x, int64[1] r) => (float[N,5,1] y) { a = ReduceMean(x, r) y = Cos(a) }"
    assert types(fires("drop-no-op", model(text, constants={"r": [2]}))) == ["Cos"]


def test_a_shape_computed_of_the_tensor_itself_goes() -> None:
    text = "g (float[N,5] x) => (float[N,5] y) { s = Shape(x) a = Expand(x, s) y = Cos(a) }"
    assert types(fires("drop-no-op", model(text))) == ["Cos"]


def test_an_outputs_name_is_taken_over() -> None:
    made = fires("drop-no-op", model("g (float[N,5] x) => (float[N,5] y) { a = Cos(x) y = Identity(a) }"))
    assert types(made) == ["Cos"]


@pytest.mark.parametrize("op", ["Identity(x)", "Mul(x, c)"])
def test_an_input_is_not_handed_out(op: str) -> None:
    source = model(f"g (float[N,5] x, float c) => (float[N,5] y) {{ y = {op} }}", constants={"c": 1})
    assert refuses("drop-no-op", source) == ""


@pytest.mark.parametrize(
    ("op", "constants", "why"),
    [
        ("Add(a, c)", {"c": ("float[1,1,1]", [[[1]]])}, ""),
        ("Slice(a, s, e, k, t)", {"s": -1, "e": -99, "k": 2, "t": -1}, ""),
        ("Reshape(a, r)", {"r": ("int64[3]", [0, 6, 4])}, ""),
        ("MaxPool<kernel_shape=[1], strides=[2]>(a)", {}, ""),
        ("Sub(c, a)", {"c": ("float", 0)}, ""),
    ],
)
def test_what_changes_something_stays(op: str, constants: dict[str, Any], why: str) -> None:
    given = {n: c if isinstance(c, tuple) else ("int64[1]", [c]) for n, c in constants.items()}
    source = around(op, **given)
    for info in source.graph.output:
        info.type.tensor_type.ClearField("shape")
    assert refuses("drop-no-op", source) == why


def test_a_constant_that_changes_the_shape_stays() -> None:
    text = "g (float[5] x, float[1,1] c) => (float[1,5] y) { a = Add(x, c) y = Cos(a) }"
    assert "may change the shape" in refuses("drop-no-op", model(text, constants={"c": [[0]]}))


def test_a_dropout_that_may_train_stays() -> None:
    text = "g (float[5] x, bool t) => (float[5] y) { a = Dropout(x, , t) y = Cos(a) }"
    assert "may be training" in refuses("drop-no-op", model(text))


def test_a_real_model() -> None:
    draft = Draft.open(SAMPLES / "magika_v3_3.onnx")
    found = sweep(draft, [rewrite("drop-no-op")], Ledger())
    assert len(found.sites) == 8
    assert not any(n.op_type == "Expand" for n in draft.model.graph)


def test_a_branch_that_is_never_taken_and_told_no_types_of() -> None:
    text = """g (float[2,3] x, bool c) => (float[2,3] y) {
        y = If(c) <
            then_branch = t () => (float[?,?] h) { h = Cos(x) },
            else_branch = f () => (float[?,?] e) { a = Relu(x) b = Abs(a) d = Identity(b) e = Neg(d) }
        >
    }"""
    draft = Draft.open(model(text, constants={"c": True}))
    sweep(draft, [rewrite("drop-no-op")], Ledger(proving=False))
    branches = [a.g for a in ir.to_proto(draft.model).graph.node[0].attribute]
    assert sorted([n.op_type for n in b.node] for b in branches) == [["Cos"], ["Relu", "Neg"]]


@pytest.mark.parametrize(("end", "sites"), [(1, 0), (2**31 - 1, 1)])
@pytest.mark.parametrize("opset", [10, 13])
def test_a_slice_of_a_free_dimension(opset: int, end: int, sites: int) -> None:
    text = f"""<ir_version: 8, opset_import: ["" : {opset}]> g (float[N,3] x) => (float[?,3] y)
        <int64[1] s = {{0}}, int64[1] e = {{{end}}}, int64[1] a = {{0}}> {{ p = Slice(x, s, e, a) y = Cos(p) }}"""
    draft = Draft.open(model(text))
    assert len(sweep(draft, [rewrite("drop-no-op")], Ledger(proving=False)).sites) == sites
