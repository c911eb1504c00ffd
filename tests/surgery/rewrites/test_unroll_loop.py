import pytest

from tests.surgery.harness import fires, model, refuses, types

LOOP = """g (float[{0}] x, int64 m, bool k, float[4,4] w) => (float[{0}] y) {{
    y = Loop(m, k, x) <body = b (int64 i, bool p, float[{0}] v) => (bool q, float[{0}] u)
        <float[4] t = {{1.0, 2.0, 3.0, 4.0}}> {{
        q = Identity(p)
        h = MatMul(v, w)
        n = Cast<to=1>(i)
        s = Add(h, n)
        a = Add(s, t)
        u = Tanh(a)
    }}>
}}"""


@pytest.mark.parametrize("shape", ["2,4", "N,4", "1,3,4"])
@pytest.mark.parametrize("turns", [1, 3])
def test_a_state_is_carried_through_the_turns(shape: str, turns: int) -> None:
    made = fires("unroll-loop", model(LOOP.format(shape), ["w"], constants={"m": turns, "k": True}))
    assert types(made).count("Tanh") == turns
    assert "Loop" not in types(made)


@pytest.mark.parametrize("turns", [1, 4])
def test_what_each_turn_hands_out_is_stacked(turns: int) -> None:
    text = """g (float[N,4] x, int64 m, bool k) => (float[N,4] y, float[?,N,4] c) {
        y, c = Loop(m, k, x) <body = b (int64 i, bool p, float[N,4] v) => (bool q, float[N,4] u, float[N,4] o) {
            q = Identity(p) u = Tanh(v) o = Neg(u)
        }>
    }"""
    made = fires("unroll-loop", model(text, constants={"m": turns, "k": True}))
    assert types(made).count("Neg") == types(made).count("Unsqueeze") == turns
    assert types(made).count("Concat") == (turns > 1)


def test_a_branch_inside_is_copied_for_each_turn() -> None:
    text = """g (float[2,4] x, int64 m, bool k, bool c) => (float[2,4] y) {
        y = Loop(m, k, x) <body = b (int64 i, bool p, float[2,4] v) => (bool q, float[2,4] u) {
            q = Identity(p)
            u = If(c) <
                then_branch = t () => (float[2,4] e) { f = Neg(v) e = Exp(f) },
                else_branch = l () => (float[2,4] d) { d = Cos(v) }
            >
        }>
    }"""
    made = fires("unroll-loop", model(text, constants={"m": 2, "k": True}))
    assert types(made) == ["If", "If"]


SCAN = """g (float[N,4] s, float[{0}] x) => (float[N,4] e, float[{0}] y) {{
    e, y = Scan(s, x) <num_scan_inputs=1, {1}body = b (float[N,4] c, float[N,4] r) => (float[N,4] d, float[N,4] o) {{
        d = Add(c, r)
        o = Tanh(d)
    }}>
}}"""


@pytest.mark.parametrize(
    ("shape", "more"),
    [
        ("3,N,4", ""),
        ("N,5,4", "scan_input_axes=[1], scan_output_axes=[1], "),
        ("N,4,2", "scan_input_axes=[-1], scan_output_axes=[-1], scan_output_directions=[1], "),
        ("3,N,4", "scan_input_directions=[1], "),
        ("1,N,4", ""),
    ],
)
def test_a_scan(shape: str, more: str) -> None:
    made = fires("unroll-loop", model(SCAN.format(shape, more)))
    assert "Scan" not in types(made)


@pytest.mark.parametrize(
    ("constants", "why"),
    [
        ({"k": True}, "number of turns is not known"),
        ({"m": 3}, "begins at all"),
        ({"m": 3, "k": False}, "begins at all"),
        ({"m": 0, "k": True}, "never runs"),
        ({"m": 17, "k": True}, "17 turns would be"),
    ],
)
def test_other_counts_stay(constants: dict[str, object], why: str) -> None:
    assert why in refuses("unroll-loop", model(LOOP.format("2,4"), ["w"], constants=constants))


def test_a_body_that_stops_by_itself_stays() -> None:
    text = LOOP.format("2,4").replace("q = Identity(p)", "l = ReduceMax<keepdims=0>(v) q = Less(l, l)")
    assert "decides when to stop" in refuses("unroll-loop", model(text, ["w"], constants={"m": 3, "k": True}))


def test_a_free_number_of_turns_stays() -> None:
    assert "not known" in refuses("unroll-loop", model(SCAN.format("T,N,4", "")))
