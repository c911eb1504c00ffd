from pathlib import Path

import onnx
import pytest

from tests.surgery.harness import fires, model, swept, types

SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.mark.parametrize("opset", [9, 13, 18, 20])
@pytest.mark.parametrize(("pool", "reduction"), [("GlobalAveragePool", "ReduceMean"), ("GlobalMaxPool", "ReduceMax")])
@pytest.mark.parametrize(("given", "result"), [("2,3,4,5", "2,3,1,1"), ("N,3,H,W", "N,3,1,1")])
def test_a_global_pool_is_a_reduction(opset: int, pool: str, reduction: str, given: str, result: str) -> None:
    header = f'<ir_version: 8, opset_import: ["" : {opset}]>'
    text = f"{header} g (float[{given}] x) => (float[{result}] y) {{ y = {pool} (x) }}"
    assert types(fires("global-pool-to-reduce-mean", model(text))) == [reduction]


def test_signals_are_pooled_over_one_axis() -> None:
    text = "g (float[2,3,7] x) => (float[2,3,1] y) { y = GlobalAveragePool (x) }"
    assert types(fires("global-pool-to-reduce-mean", model(text))) == ["ReduceMean"]


def test_half_precision() -> None:
    text = "g (float16[2,3,4,5] x) => (float16[2,3,1,1] y) { y = GlobalAveragePool (x) }"
    fires("global-pool-to-reduce-mean", model(text), tolerance=1e-2)


def test_paddleocr() -> None:
    found, _ = swept("global-pool-to-reduce-mean", onnx.load(SAMPLES / "ppocr_v4_det.onnx"))
    assert len(found.sites) == 10
