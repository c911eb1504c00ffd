from __future__ import annotations

import pytest

from tests.pruning.units import find

ENDS = "(float[5,2,3] x) => (float[5,2,2] y)"


@pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_hidden_units_go_with_their_gates_and_states(kind: str, gates: int) -> None:
    found = find(
        ENDS,
        f"""e = MatMul (x, v) [l] h = {kind} <hidden_size = 4> (e, w, r, b) o = Constant <value = int64[1] {{1}}> ()
        s = Squeeze (h, o) y = MatMul (s, z)""",
        v=(3, 6), w=(1, 4 * gates, 6), r=(1, 4 * gates, 4), b=(1, 8 * gates), z=(4, 2),
    )  # fmt: skip
    assert found.units() == {"e": 6, "l": 4}
    assert found.weights("e") == {"v.1": 1, "w.2": 1}
    assert found.weights("l") == {"w.1": gates, "r.1": gates, "r.2": 1, "b.1": 2 * gates, "z.0": 1}
    graph = found.narrowed(l=[0, 2, 3], e=[1])
    op = next(o for o in graph.ops if o.type == kind)
    assert op.attrs["hidden_size"] == 3
    assert [graph.values[n].shape for n in (*op.inputs[1:], "h")] == [
        (1, 3 * gates, 1),
        (1, 3 * gates, 3),
        (1, 6 * gates),
        (5, 1, 2, 3),
    ]


def test_both_directions_lose_the_same_units_and_peepholes_and_states_with_them() -> None:
    found = find(
        ENDS,
        """[l] h, f, c = LSTM <hidden_size = 3, direction = "bidirectional"> (x, w, r, , , i, j, p)
        t = Transpose <perm = [0, 2, 1, 3]> (h) n = Constant <value = int64[3] {5, 2, 6}> ()
        m = Reshape (t, n) y = MatMul (m, z)""",
        w=(2, 12, 3), r=(2, 12, 3), i=(2, 2, 3), j=(2, 2, 3), p=(2, 9), z=(6, 2),
    )  # fmt: skip
    assert found.axis("h", 3) == found.axis("f", 2) == found.axis("c", 2) == "abc"
    assert found.axis("m", 2) == "abcabc"
    assert found.weights("l") == {"w.1": 4, "r.1": 4, "r.2": 1, "i.2": 1, "j.2": 1, "p.1": 3, "z.0": 2}


def test_a_state_from_outside_and_computed_weights_keep_their_size() -> None:
    ends = "(float[5,2,3] x, float[1,2,4] i, float[1,4,3] u) => (float[5,1,2,4] y)"
    found = find(ends, "[l] h = RNN <hidden_size = 4> (x, w, r, , , i) y = Relu (h)", w=(1, 4, 3), r=(1, 4, 4))
    assert found.units() == {}
    found = find(ends, "[e] v = MatMul (x, z) [l] y = RNN <hidden_size = 4> (v, u, r)", z=(3, 3), r=(1, 4, 4))
    assert found.why() == dict.fromkeys("el", "RNN with computed weights or the batch first")


def test_layers_one_after_the_other() -> None:
    found = find(
        ENDS,
        """o = Constant <value = int64[1] {1}> () [one] h = GRU <hidden_size = 4> (x, w, r) s = Squeeze (h, o)
        [two] k = GRU <hidden_size = 2> (s, v, q) y = Squeeze (k, o)""",
        w=(1, 12, 3), r=(1, 12, 4), v=(1, 6, 4), q=(1, 6, 2),
    )  # fmt: skip
    assert found.units() == {"one": 4}
    assert found.weights("one") == {"w.1": 3, "r.1": 3, "r.2": 1, "v.2": 1}
