import pytest

from edgeplan.splitting.privacy import PrivacyError, depths, of_raw_input, sendable
from edgeplan.splitting.wiring import Wiring, wiring_of
from tests.splitting.models import graph_of


@pytest.fixture(scope="module")
def wiring() -> Wiring:
    return wiring_of(graph_of())


def named(wiring: Wiring, mask: object) -> set[str]:
    return {name for name, held in zip(wiring.tensors, mask, strict=True) if held}  # type: ignore[call-overload]


def test_a_scaled_input_still_is_the_input(wiring: Wiring) -> None:
    assert named(wiring, of_raw_input(wiring)) - {"rest"} == {"image", "scaled"}


@pytest.mark.parametrize(
    ("op", "raw"),
    [
        ("y = Transpose (x)", True),
        ("y = Flatten (x)", True),
        ("y = Cast <to = 10> (x)", True),
        ("y, rest = Split <axis = 0, num_outputs = 2> (x)", True),
        ("y = Concat <axis = 0> (x, x)", True),
        ("y = Clip (x)", True),
        ("y = Add (x, x)", True),
        ("y = Relu (x)", True),  # of a picture it is the picture
        ("y = Sqrt (x)", True),
        ("y = Not (c)", True),
        ("y = Where (c, x, x)", True),
        ("y = CumSum (x, one)", True),
        ("y, rest, more = DynamicQuantizeLinear (x)", True),
        ("y = Pow (x, two)", True),
        ('y = Einsum <equation = "ij->ji"> (x)', True),
        ("y = AveragePool <kernel_shape = [2]> (x)", True),
        ("y = com.microsoft.QuantizeLinear (x, two, two)", True),
        ("y = ReduceMean (x)", False),
        ("y = Softmax (x)", False),
        ("y = MatMul (x, x)", False),
        ('y = Einsum <equation = "ij,jk->ik"> (x, x)', False),
        ("y = acme.Hash (x)", False),
    ],
)
def test_what_arranges_rounds_or_can_be_undone_keeps_the_input(op: str, raw: bool) -> None:
    head = '<ir_version: 8, opset_import: ["": 18, "com.microsoft": 1, "acme": 1]> g (float[4, 4] x, bool[4, 4] c)'
    wiring = wiring_of(graph_of(f"{head} => (y) <float two = {{2}}, int64 one = {{1}}> {{\n {op} }}"))
    assert named(wiring, of_raw_input(wiring)) - {"rest", "more"} == ({"x", "c", "y"} if raw else {"x", "c"})


@pytest.mark.parametrize(
    ("ops", "raw"),
    [
        ("m = ReduceMean (x)\n y = Sub (x, m)", True),  # standardised by hand
        ("m = Softmax (x)\n y = Add (x, m)", False),  # as much of another tensor
        ("m = Transpose (x)\n y = Mul (m, x)", True),
    ],
)
def test_arithmetic_keeps_the_input_beside_what_is_smaller(ops: str, raw: bool) -> None:
    wiring = wiring_of(graph_of(f'<ir_version: 8, opset_import: ["": 18]> g (float[4, 4] x) => (y) {{\n {ops} }}'))
    assert ("y" in named(wiring, of_raw_input(wiring))) == raw


@pytest.mark.parametrize(("other", "raw"), [("Identity (x)", True), ("Softmax (x)", False)])
def test_a_branch_may_hand_out_the_input(other: str, raw: bool) -> None:
    text = f"""
        <ir_version: 8, opset_import: ["": 18]>
        g (float[4, 4] x, bool c) => (float[4, 4] z) {{
            z = If (c) <
                then_branch = t () => (float[4, 4] a) {{ a = MatMul (x, x) }},
                else_branch = e () => (float[4, 4] b) {{ b = {other} }}
            >
        }}
    """
    wiring = wiring_of(graph_of(text))
    assert ("z" in named(wiring, of_raw_input(wiring))) == raw


def test_depth_is_the_fewest_contractions_on_any_path() -> None:
    text = """
        <ir_version: 8, opset_import: ["": 18]>
        g (float[4, 4] x) => (float[4, 4] z) {
            a = MatMul (x, x)
            b = MatMul (a, a)
            skip = Relu (x)
            y = Add (b, a)
            z = Add (y, skip)
        }
    """
    wiring = wiring_of(graph_of(text))
    found = dict(zip(wiring.tensors, depths(wiring).tolist(), strict=True))
    assert found == {"x": 0, "a": 1, "b": 2, "skip": 0, "y": 1, "z": 0}


def test_an_einsum_of_one_operand_is_no_product() -> None:
    text = '<ir_version: 8, opset_import: ["": 18]> g (float[4, 4] x) => (y) { y = Einsum <equation = "ij->ji"> (x) }'
    wiring = wiring_of(graph_of(text))
    assert dict(zip(wiring.tensors, depths(wiring).tolist(), strict=True)) == {"x": 0, "y": 0}


def test_what_may_leave_after_an_op_follows_from_it(wiring: Wiring) -> None:
    allowed = sendable(wiring, keep_raw_input=False, min_depth=0, private_until="second")
    assert named(wiring, allowed) == {"c", "d", "e", "f", "scores"}


def test_what_may_leave_at_a_depth(wiring: Wiring) -> None:
    allowed = sendable(wiring, keep_raw_input=True, min_depth=2, private_until=None)
    assert named(wiring, allowed) == {"c", "d", "e", "f", "scores"}


def test_conditions_that_do_not_fit_are_told(wiring: Wiring) -> None:
    with pytest.raises(PrivacyError, match="no op 'nowhere'"):
        sendable(wiring, keep_raw_input=False, min_depth=0, private_until="nowhere")
    with pytest.raises(PrivacyError, match="behind 9 convolutions or products: the most is 3"):
        sendable(wiring, keep_raw_input=False, min_depth=9, private_until=None)
