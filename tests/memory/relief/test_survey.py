from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from edgeplan.cost.work import work_of
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower import lower_to
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.relief import NoRelief, Relief, relief, ways
from edgeplan.memory.relief.precision import precision
from edgeplan.memory.relief.resolution import resolution
from edgeplan.memory.runtimes import profile_of
from edgeplan.place.runs import Segment
from edgeplan.target import Target, resolve

Toy = Callable[..., Target]
NET = """g (float[1,3,{side},{side}] x) => (y) <int64[4] s = {{16, 3, 3, 3}}, int64[4] t = {{10, 16, 3, 3}}> {{
    w = ConstantOfShape (s)
    a = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w)
    b = Sigmoid (a)
    c = Mul (a, b)
    v = ConstantOfShape (t)
    d = Conv <pads = [1, 1, 1, 1]> (c, v)
    y = {last} (d)
}}"""


def deployed(target: Target, side: int = 64, last: str = "GlobalAveragePool", text: str = NET) -> Deployment:
    graph = lower_to(parse_text(text.format(side=side, last=last)), target.backend.dialect)
    units = (target.units[-1].name,) * len(graph.ops)
    return Deployment(graph, target, units, (Segment(units[0], tuple(range(len(units)))),))


def size(given: Deployment) -> int:
    return sum(pool.arena.size for pool in profile_of(given.target.backend.name).pools(given))


@pytest.mark.parametrize("device", ["iphone14pro", "jetson-orin-nano", "pixel8"])
@pytest.mark.parametrize("factor", [0.75, 0.5])
def test_a_smaller_image_takes_what_a_model_made_for_it_takes(device: str, factor: float) -> None:
    target = resolve(device)
    given = deployed(target)
    found = resolution(given, profile_of(target.backend.name).pools(given), factor)
    assert isinstance(found, Relief)
    assert found.before == size(given)
    real = size(deployed(target, side=int(64 * factor)))
    assert abs(found.after - real) <= 0.1 * real
    assert str(int(64 * factor)) in found.what


def test_no_image_no_smaller_image(toy: Toy) -> None:
    given = deployed(toy(), text="g (float[1,80,3000] x) => (y) {{ y = Relu (x) }}")
    assert resolution(given, profile_of("toy").pools(given), 0.5) == NoRelief("smaller-input", "no input is an image")


def test_weights_that_fit_one_size_of_image_are_named(toy: Toy) -> None:
    text = """g (float[1,3,16,16] x) => (y) <int64[2] s = {{768, 10}}> {{
        f = Flatten (x)
        w = ConstantOfShape (s)
        [head] y = MatMul (f, w)
    }}"""
    given = deployed(toy(), text=text)
    assert resolution(given, profile_of("toy").pools(given), 0.5) == NoRelief(
        "smaller-input", "the weights of head fix the input's size"
    )


def test_a_model_that_scales_its_images_itself_is_told(toy: Toy) -> None:
    text = """g (float[1,3,64,64] x) => (y) <int64[4] s = {{1, 3, 32, 32}}> {{
        [rescale] a = Resize (x, , , s)
        y = Relu (a)
    }}"""
    given = deployed(toy(), text=text)
    found = resolution(given, profile_of("toy").pools(given), 0.5)
    assert found == NoRelief("smaller-input", "the model scales its images itself, in rescale")


def test_half_precision_halves_float32(toy: Toy) -> None:
    target = resolve("jetson-orin-nano")
    given = deployed(target, side=2048)
    pools = profile_of(target.backend.name).pools(given)
    found = precision(given, pools)
    assert isinstance(found, Relief)
    assert found.before == size(given)
    assert found.before * 0.4 < found.after < found.before * 0.6  # workspaces stay
    assert isinstance(precision(replace(given, target=replace(target, precision="float16")), pools), NoRelief)
    assert isinstance(precision(deployed(toy()), pools), NoRelief)


def test_what_saves_most_comes_first_and_saves_something(toy: Toy) -> None:
    given = deployed(toy())
    pools = profile_of("toy").pools(given)
    found = relief(given, pools, [work_of(given.graph, op).macs for op in given.graph.ops])
    assert [r.saved for r in found] == sorted((r.saved for r in found), reverse=True)
    assert all(0 < r.saved < r.before == size(given) for r in found)
    assert {r.name for r in found} == {"in-place", "patches", "smaller-input"}
    assert {w.name for w in ways(given, pools) if isinstance(w, NoRelief)} == {"order", "float16"}


def test_sizes_that_are_open_get_no_advice(toy: Toy) -> None:
    given = deployed(toy(), text="g (float[N,3,H,W] x) => (y) {{ y = Relu (x) }}")
    assert relief(given, profile_of("toy").pools(given)) == ()


def test_a_graph_without_ops_gets_no_advice(toy: Toy) -> None:
    given = Deployment(Graph("g", "onnx", (), {}, (), ()), toy(), (), ())
    assert relief(given, profile_of("toy").pools(given)) == ()
