from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from tests.surgery.harness import model

NET = """g (float[1,3,8,8] x, float[4,3,3,3] w, float[4,4,1,1] v) => (float[1,4,6,6] b, float[1,4,6,6] y)
    <float[1] k = {2}> {
    [conv] a = Conv (x, w) [relu] b = Relu (a) [more] c = Conv (b, v) [double] d = Mul (c, k) [last] y = Relu (d)
}"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small network: conv, relu | more, double, last. `b` is handed over, and an output as well."""
    onnx.save(model(NET, weights=["w", "v"]), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"
