from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, numpy_helper

from edgeplan import ModelError, Target
from edgeplan.graph import Graph, Value
from edgeplan.pruning.goal import Goal
from edgeplan.surgery.pruning import pruning, trial
from edgeplan.surgery.pruning.pruning import PruneError, prune_model
from edgeplan.surgery.pruning.trial import misshapen
from edgeplan.surgery.runs import RunError
from edgeplan.surgery.writing import WriteError
from tests.surgery.harness import model, types

Toy = Callable[..., Target]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
HALF = Goal("ratio", 0.5)

CONV = """g (float[N,3,8,8] x, float[16,3,3,3] v, float[16] b, float[5,16,3,3] w) => (float[N,5,6,6] y) {
    c = Conv <pads = [1,1,1,1]> (x, v, b) r = Relu (c) y = Conv (r, w)
}"""


def conv() -> ModelProto:
    return model(CONV, weights=["v", "b", "w"])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    onnx.save(conv(), tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.onnx"


def array(place: Path, name: str) -> np.ndarray:
    return numpy_helper.to_array(next(t for t in onnx.load(place).graph.initializer if t.name == name))


def test_a_model_goes_in_and_a_narrower_one_that_runs_comes_out(source: Path, out: Path) -> None:
    before = source.read_bytes()
    heard: list[str] = []
    found = prune_model(source, None, HALF, output=out, tell=heard.append)
    assert found.written == (str(out),)
    assert (found.runs, found.why, found.notes, found.samples) == (4, "", (), "4 random inputs")
    assert found.change is not None
    assert 0 < found.change < 5
    assert found.file_bytes == (len(before), out.stat().st_size)
    assert found.file_bytes[1] < found.file_bytes[0]
    assert found.plan.after.parameters < found.plan.before.parameters
    assert source.read_bytes() == before
    assert heard == [
        "following channels",
        "scoring channels",
        "planning",
        "cutting channels out",
        "running both models",
    ]
    assert (found.model, found.target, found.blank, found.score) == ("m.onnx", None, False, "l2")


@pytest.mark.parametrize("score", ["l2", "l1", "fpgm"])
def test_the_best_channels_are_kept_as_they_are(score: str, source: Path, out: Path) -> None:
    v, w = (np.array(numpy_helper.to_array(t)) for t in conv().graph.initializer if t.name != "b")
    weak = np.arange(0, 16, 2)
    v[weak] = v[weak[0]] * 0.01
    w[:, weak] *= 0.01
    made = conv()
    for tensor, array_ in zip([made.graph.initializer[0], made.graph.initializer[2]], (v, w), strict=True):
        tensor.CopyFrom(numpy_helper.from_array(array_, tensor.name))
    onnx.save(made, source)
    prune_model(source, None, HALF, output=out, score=score)
    np.testing.assert_array_equal(array(out, "v"), v[1::2])
    np.testing.assert_array_equal(array(out, "w"), w[:, 1::2])


def test_without_a_place_nothing_is_written_or_run(source: Path, tmp_path: Path) -> None:
    found = prune_model(source, None, HALF)
    assert (found.written, found.runs, found.change, found.file_bytes, found.why) == ((), 0, None, None, "")
    assert {p.name for p in tmp_path.iterdir()} == {"m.onnx"}


def test_a_target_plans_before_and_after(source: Path, out: Path, toy: Toy) -> None:
    found = prune_model(source, toy(ALL_RUN), HALF, output=out, dims={"N": 1})
    assert found.target is not None
    assert found.plan.plans is not None
    assert found.written
    assert onnx.load(out).graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1


def test_what_a_model_says_of_itself_stays(source: Path, out: Path) -> None:
    made = conv()
    made.producer_name, made.producer_version, made.domain, made.model_version = "maker", "1.2", "org.example", 7
    made.doc_string, made.graph.doc_string = "a model", "its graph"
    made.metadata_props.add(key="labels", value="cat,dog")
    made.graph.input[0].doc_string, made.graph.output[0].doc_string = "a picture", "a map"
    made.graph.input[0].type.denotation = "IMAGE"
    made.graph.output[0].type.tensor_type.shape.dim[2].dim_param = "H"
    for node, name in zip(made.graph.node, ("first", "act", "last"), strict=True):
        node.name, node.doc_string = name, f"the {name} one"
    onnx.save(made, source)
    prune_model(source, None, HALF, output=out)
    found = onnx.load(out)
    onnx.checker.check_model(found, full_check=True)
    for name in ("producer_name", "producer_version", "domain", "model_version", "doc_string", "ir_version"):
        assert getattr(found, name) == getattr(made, name)
    assert list(found.metadata_props) == list(made.metadata_props)
    assert {o.domain: o.version for o in found.opset_import}[""] == made.opset_import[0].version
    assert found.graph.name == made.graph.name
    assert found.graph.doc_string == made.graph.doc_string
    assert list(found.graph.input) == list(made.graph.input)
    assert list(found.graph.output) == list(made.graph.output)
    assert [(n.name, n.op_type, n.doc_string) for n in found.graph.node] == [
        (n.name, n.op_type, n.doc_string) for n in made.graph.node
    ]


def test_a_model_before_its_training_is_narrowed_by_nothing_but_its_shape(tmp_path: Path, out: Path) -> None:
    given = {"v": np.ones((16, 3, 3, 3)), "b": np.zeros(16), "w": np.ones((5, 16, 3, 3))}
    onnx.save(model(CONV, constants=given), tmp_path / "m.onnx")
    found = prune_model(tmp_path / "m.onnx", None, HALF, output=out, score="bn")
    assert (found.blank, found.score, found.change, found.runs, found.notes) == (True, "", None, 4, ())
    assert array(out, "v").shape == (8, 3, 3, 3)


def test_a_goal_out_of_reach_writes_nothing_and_says_what_stands_in_the_way(source: Path, out: Path) -> None:
    found = prune_model(source, None, Goal("macs", 0.001), output=out, dims={"N": 1})
    assert not found.plan.met
    assert found.why == found.plan.why
    assert found.why
    assert not out.exists()
    assert found.written == ()


def test_what_is_said_of_the_scores_is_handed_on(source: Path) -> None:
    found = prune_model(source, None, HALF, score="bn")
    assert found.notes == ("1 of 1 groups have no scores by bn: they are scored by l2",)


def test_samples_score_and_are_run(source: Path, tmp_path: Path, out: Path) -> None:
    np.savez(tmp_path / "s.npz", x=np.random.default_rng(0).standard_normal((6, 1, 3, 8, 8)).astype(np.float32))
    found = prune_model(source, None, HALF, output=out, score="activation", samples=tmp_path / "s.npz")
    assert (found.score, found.runs, found.samples) == ("activation", 4, "6 samples of s.npz")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"score": "taylor"}, "there are no scores by 'taylor'"),
        ({"score": "activation"}, "scores by activation need samples"),
        ({"samples": Path("no-such.npz")}, "cannot read"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(more: dict[str, object], reason: str, source: Path, out: Path) -> None:
    with pytest.raises(PruneError, match=reason):
        prune_model(source, None, HALF, output=out, **more)  # type: ignore[arg-type]
    assert not out.exists()


def test_the_model_itself_and_its_weights_are_not_written_over(source: Path, tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="is the model itself"):
        prune_model(source, None, HALF, output=source)
    place = tmp_path / "apart.onnx"
    onnx.save(conv(), place, save_as_external_data=True, location="out.onnx.data", size_threshold=0)
    with pytest.raises(WriteError, match="holds the model's weights"):
        prune_model(place, None, HALF, output=tmp_path / "out.onnx")
    with pytest.raises(WriteError, match="holds the model's weights"):
        prune_model(place, None, HALF, beside=[tmp_path / "out.onnx.data"])
    (tmp_path / "out.onnx.data").unlink()
    with pytest.raises(ModelError, match="is not there"):
        prune_model(place, None, HALF)


def test_weights_that_lay_beside_the_model_do_so_again(tmp_path: Path, out: Path) -> None:
    place = tmp_path / "apart.onnx"
    big = CONV.replace("16", "256")
    onnx.save(
        model(big, weights=["v", "b", "w"]), place, save_as_external_data=True, location="w.bin", size_threshold=0
    )
    before = (tmp_path / "w.bin").read_bytes()
    found = prune_model(place, None, HALF, output=out)
    assert found.written == (str(out), f"{out}.data")
    assert found.file_bytes == (
        place.stat().st_size + len(before),
        out.stat().st_size + (tmp_path / "out.onnx.data").stat().st_size,
    )
    assert (tmp_path / "w.bin").read_bytes() == before
    assert array(out, "v").shape == (128, 3, 3, 3)


def test_a_model_that_cannot_run_is_cut_all_the_same_and_the_report_says_so(tmp_path: Path, out: Path) -> None:
    header = '<ir_version: 8, opset_import: ["" : 18, "com.acme" : 1]>'
    text = CONV.replace("g (", f"{header} g (", 1).replace("y = Conv (r, w)", "z = Conv (r, w) y = com.acme.Odd (z)")
    made = onnx.parser.parse_model(text)
    rng = np.random.default_rng(0)
    for info in list(made.graph.input)[1:]:
        shape = [d.dim_value for d in info.type.tensor_type.shape.dim]
        made.graph.initializer.append(numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), info.name))
        made.graph.input.remove(info)
    onnx.save(made, tmp_path / "m.onnx")
    found = prune_model(tmp_path / "m.onnx", None, HALF, output=out)
    assert (found.runs, found.change) == (0, None)
    assert found.why.startswith("onnxruntime does not run the model: ")
    assert types(onnx.load(out)) == ["Conv", "Relu", "Conv", "Odd"]


def test_a_new_model_that_does_not_run_is_not_put_in_its_place(
    source: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.write_text("what was there", "utf-8")
    run = trial.run_each

    def only_old(place: str, *more: object) -> object:
        if Path(place) != source:
            raise RunError("no such kernel")
        return run(place, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(trial, "run_each", only_old)
    found = prune_model(source, None, HALF, output=out)
    assert found.why == "onnxruntime runs the model, and not what is left of it: no such kernel"
    assert (found.runs, found.written, found.file_bytes) == (0, (), None)
    assert out.read_text("utf-8") == "what was there"
    assert {p.name for p in tmp_path.iterdir()} == {"m.onnx", "out.onnx"}


def test_shapes_that_are_not_as_planned_are_not_written(
    source: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "narrow", lambda kept: kept.structure.graph)
    found = prune_model(source, None, HALF, output=out)
    assert "would have the shape" in found.why
    assert not out.exists()


def test_shapes_differ_where_both_are_known() -> None:
    def graph(*shape: int | str | None) -> Graph:
        return Graph("g", "onnx", (), {"v": Value("v", None, shape)}, (), ())

    assert misshapen(graph(1, 2), graph(1, 2)) == ""
    assert misshapen(graph(1, None), graph("N", 2)) == ""
    assert misshapen(graph(1, 2), graph(1, 3)) == "'v' would have the shape [1, 2], and [1, 3] was planned"
    assert misshapen(graph(1), graph(1, 3)) == "'v' would have the shape [1], and [1, 3] was planned"


def test_unverified_nothing_is_run(source: Path, out: Path) -> None:
    found = prune_model(source, None, HALF, output=out, verify=False)
    assert (found.runs, found.change, found.why) == (0, None, "neither model was run, as asked for")
    assert found.written == (str(out),)


def test_what_is_bound_is_bound_in_both(tmp_path: Path, out: Path) -> None:
    text = CONV.replace("(float[N", "(float s, float[N", 1).replace("Relu (c)", "Mul (c, s)")
    onnx.save(model(text, weights=["v", "b", "w"]), tmp_path / "m.onnx")
    found = prune_model(tmp_path / "m.onnx", None, HALF, output=out, values={"s": 2.0}, dims={"N": 1})
    assert (found.runs, found.why) == (4, "")
    assert [i.name for i in onnx.load(out).graph.input] == ["x"]


def test_outputs_of_whole_numbers_move_by_the_part_that_differs(tmp_path: Path, out: Path) -> None:
    text = CONV.replace("(float[N,5,6,6] y)", "(int64[N,1,6,6] y)").replace(
        "y = Conv (r, w)", "z = Conv (r, w) y = ArgMax <axis = 1> (z)"
    )
    onnx.save(model(text, weights=["v", "b", "w"]), tmp_path / "m.onnx")
    found = prune_model(tmp_path / "m.onnx", None, HALF, output=out)
    assert found.change is not None
    assert 0 < found.change <= 1


def test_outputs_of_as_many_elements_as_the_data_say_are_left_out_where_these_are_others(
    tmp_path: Path, out: Path
) -> None:
    text = CONV.replace("(float[N,5,6,6] y)", "(int64[4,M] y)").replace(
        "y = Conv (r, w)", "z = Conv (r, w) a = Relu (z) y = NonZero (a)"
    )
    onnx.save(model(text, weights=["v", "b", "w"]), tmp_path / "m.onnx")
    found = prune_model(tmp_path / "m.onnx", None, HALF, output=out)
    assert (found.runs, found.change) == (4, None)
    assert found.written
