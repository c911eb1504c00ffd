from __future__ import annotations

import onnx
import onnx_ir as ir
import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrite import Rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import model, same, types
from tests.surgery.toys import MulFolded, NegAway, ReluOnce


def applied(text: str, one: Rewrite, **given: list[str]) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """A model before and after."""
    source = model(text, **given)
    draft = Draft.open(source)
    sweep(draft, [one], Ledger())
    made = ir.to_proto(draft.model)
    onnx.checker.check_model(made, full_check=True)
    same(source, made)
    return source, made


def test_the_new_value_takes_the_old_ones_name_and_its_node_the_roots() -> None:
    _, made = applied(
        "g (float[4] x) => (float[4] y) { [p] a = Relu (x) [q] b = Relu (a) [r] y = Neg (b) }", ReluOnce()
    )
    assert [(n.name, list(n.output)) for n in made.graph.node] == [("q", ["b"]), ("r", ["y"])]


def test_an_output_keeps_its_name_and_type() -> None:
    source, made = applied("g (float[N,4] x) => (float[N,4] y) { a = Relu (x) y = Relu (a) }", ReluOnce())
    assert made.graph.output == source.graph.output
    assert types(made) == ["Relu"]


def test_an_input_that_becomes_an_output_is_copied() -> None:
    source, made = applied("g (float[4] x) => (float[4] y) { a = Neg (x) y = Neg (a) }", NegAway())
    assert types(made) == ["Identity"]
    assert made.graph.output == source.graph.output


@pytest.mark.parametrize("twice", ["float[4] y, float[4] b", "float[4] b, float[4] y"])
def test_what_is_handed_out_already_keeps_its_own_name(twice: str) -> None:
    source, made = applied(f"g (float[4] x) => ({twice}) {{ b = Relu (x) c = Neg (b) y = Neg (c) }}", NegAway())
    assert [o.name for o in made.graph.output] == [o.name for o in source.graph.output]
    assert types(made) == ["Relu", "Identity"]


def test_what_else_is_read_stays() -> None:
    _, made = applied(
        "g (float[4] x) => (float[4] y, float[4] z) { a = Relu (x) y = Relu (a) z = Neg (a) }", ReluOnce()
    )
    assert sorted(types(made)) == ["Neg", "Relu", "Relu"]


def test_an_old_output_in_the_middle_survives() -> None:
    _, made = applied("g (float[4] x) => (float[4] a, float[4] y) { a = Relu (x) y = Relu (a) }", ReluOnce())
    assert [o.name for o in made.graph.output] == ["a", "y"]


def test_a_value_that_a_body_reads_is_followed() -> None:
    text = """g (bool c, float[4] x) => (float[4] y) { a = Relu (x) b = Relu (a)
        y = If (c) <then_branch = t () => (float[4] p) { p = Neg (b) },
                    else_branch = e () => (float[4] q) { q = Abs (b) }>
    }"""
    _, made = applied(text, ReluOnce())
    assert types(made) == ["Relu", "If"]


def test_new_names_are_names_of_nothing_else() -> None:
    text = """g (float[4] x, float[4] a, float[4] b, float[4] b_2) => (float[4] y, float[4] z) {
        m = Mul (x, a) y = Mul (m, b) z = Mul (b_2, x)
    }"""
    _, made = applied(text, MulFolded(), weights=["a", "b", "b_2"])
    names = [t.name for t in made.graph.initializer] + [o for n in made.graph.node for o in n.output]
    assert len(names) == len(set(names))


def test_the_order_of_nodes_stays_one_in_which_they_can_run() -> None:
    text = (
        "g (float[4] x) => (float[4] z, float[4] y) { a = Relu (x) b = Relu (a) z = Neg (b) c = Relu (z) y = Relu (c) }"
    )
    applied(text, ReluOnce())
