import pytest

from tests.surgery.harness import fires, model, refuses, types

HEAD = '<ir_version: 8, opset_import: ["" : %d]> '
PARTS = ["ReduceMean", "Sub", "Mul", "ReduceMean", "Add", "Sqrt", "Div", "Mul", "Add"]
THERE = "t = Transpose<perm = [0,2,3,1]>(x)"
BACK = "y = Transpose<perm = [0,3,1,2]>(n)"


@pytest.mark.parametrize("opset", [17, 18])
@pytest.mark.parametrize("shape", ["1,8,5,6", "N,8,3,4", "2,8,H,W"])
def test_both_transposes_go(opset: int, shape: str) -> None:
    body = f"{THERE} n = LayerNormalization(t, s, b) {BACK}"
    text = f"g (float[{shape}] x, float[8] s, float[8] b) => (float[{shape}] y) {{ {body} }}"
    assert types(fires("layernorm-channel-first", model(HEAD % opset + text, ["s", "b"]))) == PARTS


def test_one_transpose_moves_behind() -> None:
    text = f"g (float[N,8,5,6] x, float[8] s) => (float[N,5,6,8] y) {{ {THERE} y = LayerNormalization(t, s) }}"
    made = fires("layernorm-channel-first", model(HEAD % 17 + text, ["s"]))
    assert types(made) == [*PARTS[:-1], "Transpose"]


def test_three_axes_are_as_good_as_four() -> None:
    text = """g (float[N,8,5] x, float[8] s) => (float[N,8,5] y) {
        t = Transpose<perm = [0,2,1]>(x) n = LayerNormalization(t, s) y = Transpose<perm = [0,2,1]>(n)
    }"""
    assert types(fires("layernorm-channel-first", model(HEAD % 17 + text, ["s"]))) == PARTS[:-1]


def test_what_reads_the_transposed_values_keeps_them() -> None:
    text = f"""g (float[N,8,5,6] x, float[8] s) => (float[N,8,5,6] y, float[N,5,6,8] t) {{
        {THERE} n = LayerNormalization(t, s) {BACK}
    }}"""
    made = fires("layernorm-channel-first", model(HEAD % 17 + text, ["s"]))
    assert sorted(types(made)) == sorted([*PARTS[:-1], "Transpose"])


@pytest.mark.parametrize(
    ("kind", "there", "op", "why"),
    [
        ("float16", THERE, "LayerNormalization(t, s)", "float16"),
        ("float", THERE, "LayerNormalization<axis = 2>(t, s)", "several axes"),
        ("float", "t = Transpose<perm = [0,2,1,3]>(x)", "LayerNormalization(t, s)", ""),
        ("float", "t = Relu(x)", "LayerNormalization(t, s)", ""),
    ],
)
def test_other_forms_stay(kind: str, there: str, op: str, why: str) -> None:
    scale = "6,8" if "axis" in op else "8"
    shape = "2,8,5,6" if "1]" in there else "2,5,6,8"
    text = f"g ({kind}[{shape}] x, {kind}[{scale}] s) => ({kind}[?,?,?,?] y) {{ {there} y = {op} }}"
    found = refuses("layernorm-channel-first", model(HEAD % 17 + text, ["s"]))
    assert why in found if why else not found
