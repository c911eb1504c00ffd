from __future__ import annotations

from collections.abc import Callable

from edgeplan.cost.work import work_of
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower import lower_to
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.lifetimes import ArenaRules
from edgeplan.memory.pool import plan_pool
from edgeplan.memory.relief import NoRelief, Relief
from edgeplan.memory.relief.patches import patches
from edgeplan.target import Target

Toy = Callable[..., Target]

WIDE = """g (float[1,1,64,64] x) => (y) <int64[4] s = {64, 1, 3, 3}, int64[4] t = {4, 64, 4, 4}> {
    w = ConstantOfShape (s)
    a = Conv <pads = [1, 1, 1, 1]> (x, w)
    b = Relu (a)
    v = ConstantOfShape (t)
    c = Conv <strides = [4, 4]> (b, v)
    y = GlobalAveragePool (c)
}"""


def asked(graph: Graph, toy: Toy, rules: ArenaRules | None = None) -> Relief | NoRelief:
    given = Deployment(graph, toy(), ("cpu",) * len(graph.ops), ())
    return patches(given, (plan_pool(graph, rules or ArenaRules()),), [work_of(graph, op).macs for op in graph.ops])


def only_compute(text: str) -> Graph:
    """A model without the ops that make its weights, as every lowering leaves it."""
    return lower_to(parse_text(text), "onnx")


def test_a_wide_first_stage_runs_patch_by_patch(toy: Toy) -> None:
    found = asked(only_compute(WIDE), toy)
    assert isinstance(found, Relief)
    plane = 64 * 64 * 4
    assert found.before == 2 * 64 * plane
    # Sixteenths of the two wide tensors, beside the whole input and the cut tensor of 4 channels, a quarter the side.
    assert found.after == 2 * 64 * plane // 16 + plane + 4 * plane // 16
    assert (found.name, found.kind) == ("patches", "estimated")
    assert "first 3 ops" in found.what
    assert "4 x 4" in found.what
    assert found.price == "no more MACs"  # the last convolution's windows do not overlap


def test_halos_are_paid_for(toy: Toy) -> None:
    overlapping = WIDE.replace("{4, 64, 4, 4}", "{4, 64, 8, 8}").replace(
        "strides = [4, 4]", "strides = [4, 4], pads = [2, 2, 2, 2]"
    )
    found = asked(only_compute(overlapping), toy)
    assert isinstance(found, Relief)
    # Each quarter of 16 rows needs 2 more on both sides, 1 side at the edge: 18, 20, 20 and 18 rows of 64.
    macs = 64 * 64 * 64 * 9
    cut = 4 * 16 * 16 * 64 * 64
    again = macs * ((76 / 64) ** 2 - 1) / (macs + cut)
    assert found.price == f"{again * 100:.0f} % more MACs"
    plane = 64 * 64 * 4
    assert abs(found.after - (2 * 64 * plane * 20 * 20 // 4096 + plane + 4 * plane // 16)) <= 64


def test_a_peak_behind_the_stage_is_said(toy: Toy) -> None:
    text = """g (float[1,4,8,8] x) => (y) <int64[2] s = {1, 256}, int64[2] t = {1, 9000}> {
        a = Relu (x)
        b = Sigmoid (a)
        f = Reshape (b, s)
        h = Concat <axis = 1> (f, f, f, f, f, f)
        y = Neg (h)
    }"""
    found = asked(only_compute(text), toy)
    assert isinstance(found, NoRelief)
    assert "behind the leading ops" in found.why


def test_a_model_that_looks_at_the_whole_at_once_is_refused(toy: Toy) -> None:
    found = asked(only_compute("g (float[1,64,256] x) => (y) { a = Relu (x) y = Softmax (a) }"), toy)
    assert found == NoRelief("patches", "the model does not begin with convolutions, pooling and element-wise ops")


def test_a_tensor_that_leaves_the_stage_early_stays_whole(toy: Toy) -> None:
    skip = WIDE.replace(
        "y = GlobalAveragePool (c)",
        "g = GlobalAveragePool (c)\n    z = GlobalAveragePool (a)\n    y = Concat <axis = 1> (g, z)",
    )
    found = asked(only_compute(skip), toy)
    plain = asked(only_compute(WIDE), toy)
    assert isinstance(plain, Relief)
    assert isinstance(found, NoRelief) or found.after > 64 * 64 * 64 * 4 > plain.after  # a is read behind every cut


def test_an_image_is_prepared_as_a_whole_before_its_patches_run(toy: Toy) -> None:
    prepared = WIDE.replace("(float[1,1,64,64] x)", "(float[64,64] i)").replace(
        "w = ConstantOfShape (s)", "w = ConstantOfShape (s)\n    n = Neg (i)\n    x = Unsqueeze (n, axes)", 1
    ).replace("<int64[4] s", "<int64[2] axes = {0, 1}, int64[4] s")  # fmt: skip
    plain, found = asked(only_compute(WIDE), toy), asked(only_compute(prepared), toy)
    assert isinstance(plain, Relief)
    assert isinstance(found, Relief)
    assert found.after == plain.after
    assert "first 5 ops" in found.what


def test_what_is_added_to_every_patch_is_there_for_all_of_them(toy: Toy) -> None:
    beside = WIDE.replace("x) => (y)", "x, float[1,64] noise) => (y)").replace(
        "b = Relu (a)", "e = Sigmoid (noise)\n    u = Unsqueeze (e, axes)\n    b = Add (a, u)", 1
    ).replace("<int64[4] s", "<int64[2] axes = {2, 3}, int64[4] s")  # fmt: skip
    plain, found = asked(only_compute(WIDE), toy), asked(only_compute(beside), toy)
    assert isinstance(plain, Relief)
    assert isinstance(found, Relief)
    assert 0 < found.after - plain.after <= 4 * 64 * 4


def test_a_scratch_buffer_shrinks_with_its_op(toy: Toy) -> None:
    graph = only_compute(WIDE)
    rules = ArenaRules(scratch=lambda graph, i: (2**22,) if i == 0 else ())
    plain, scratched = asked(graph, toy), asked(graph, toy, rules)
    assert isinstance(plain, Relief)
    assert isinstance(scratched, Relief)
    assert scratched.before == 2**22 + 64 * 64 * 64 * 4 + 64 * 64 * 4
    assert scratched.after < 2**22 // 8
