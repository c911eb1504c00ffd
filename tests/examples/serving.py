"""A small model in two halves with their manifest, and a server for it in a thread."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
from onnx import parser

from examples.split_serving.agreed import MODEL
from examples.split_serving.parts import Parts, load

TOKEN = "a-token-of-the-tests-0123456789"

_HEAD = '<ir_version: 9, opset_import: ["" : 18]>\n'
_WHOLE = """whole (float[1, 3, 16, 16] x, float[1, 4] side) => (float[1, 4] y, float[1, 4, 8, 8] features) {
  c = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w)
  features = Relu(c)
  p = GlobalAveragePool(features)
  f = Flatten(p)
  m = MatMul(f, v)
  y = Add(m, side)
}"""
_DEVICE = """device (float[1, 3, 16, 16] x) => (float[1, 4, 8, 8] features) {
  c = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w)
  features = Relu(c)
}"""
_CLOUD = """cloud (float[1, 4, 8, 8] features, float[1, 4] side) => (float[1, 4] y) {
  p = GlobalAveragePool(features)
  f = Flatten(p)
  m = MatMul(f, v)
  y = Add(m, side)
}"""


def write_split(folder: Path, encoding: str = "raw", seed: int = 0) -> Path:
    """The folder of a split; `whole.onnx` lies beside it."""
    lot = np.random.default_rng(seed)
    weights = {"w": lot.standard_normal((4, 3, 3, 3)), "v": lot.standard_normal((4, 4))}
    folder.mkdir(parents=True)
    texts = {"m.device.onnx": _DEVICE, "m.cloud.onnx": _CLOUD, "../whole.onnx": _WHOLE}
    for name, text in texts.items():
        model = parser.parse_model(_HEAD + text)
        for weight in weights.keys() & {v for node in model.graph.node for v in node.input}:
            array = weights[weight].astype(np.float32)
            model.graph.initializer.append(onnx.numpy_helper.from_array(array, weight))
        onnx.save(model, folder / name)

    def file(name: str) -> dict[str, Any]:
        data = (folder / name).read_bytes()
        return {"name": Path(name).name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def half(name: str, inputs: list[str], outputs: list[str]) -> dict[str, Any]:
        return {"model": name, "files": [file(name)], "ops": 2, "inputs": inputs, "outputs": outputs}

    def sent(name: str, shape: list[int], encoding: str) -> dict[str, Any]:
        size = 4 * int(np.prod(shape))
        coded = {"raw": size, "fp16": size // 2}.get(encoding, size // 4 + 8)
        tensor = {"name": name, "dtype": "float32", "shape": shape, "bytes": size}
        return tensor | {"encoding": encoding, "sent_bytes": coded}

    manifest = {
        "format": 1,
        "edgeplan": "0",
        "model": {**file("../whole.onnx"), "opset": 18},
        "device": half("m.device.onnx", ["x"], ["features"]),
        "cloud": half("m.cloud.onnx", ["features", "side"], ["y"]),
        "inputs": [
            {"name": "x", "dtype": "float32", "shape": [1, 3, 16, 16], "sides": ["device"]},
            {"name": "side", "dtype": "float32", "shape": [1, 4], "sides": ["cloud"]},
        ],
        "outputs": [
            {"name": "y", "dtype": "float32", "shape": [1, 4], "side": "cloud"},
            {"name": "features", "dtype": "float32", "shape": [1, 4, 8, 8], "side": "device"},
        ],
        "boundary": [sent("features", [1, 4, 8, 8], encoding), sent("side", [1, 4], "raw")],
        "back": [sent("y", [1, 4], "raw")],
        "encoding": encoding,
        "plan": {},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@contextlib.contextmanager
def served(parts: Parts, *, infer: Any = None, head_seconds: float = 30.0, **limits: Any) -> Iterator[Any]:
    """The service on loopback, with such `Limits`: `.url`, `.address`."""
    import uvicorn

    from examples.split_serving.server import configure, listen
    from examples.split_serving.service import Limits, Service

    service = Service(parts, TOKEN, infer or load(parts, "cloud", threads=1), Limits(**limits))
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(configure(service, head_seconds=head_seconds))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    address = listener.getsockname()
    thread.start()
    try:
        yield SimpleNamespace(url=f"http://127.0.0.1:{address[1]}", address=address)
    finally:
        server.should_exit = True
        thread.join()


def ask(address: Any, body: Any = b"", method: str = "POST", path: str = "/v1/infer", **headers: str) -> Any:
    """One request, written by hand: status, parsed JSON or bytes, headers."""
    connection = http.client.HTTPConnection(*address, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    said = json.loads(data) if answer.headers.get_content_type() == "application/json" else data
    return SimpleNamespace(status=answer.status, said=said, headers=answer.headers)


def allowed(parts: Parts) -> dict[str, str]:
    """The headers that a request needs."""
    return {"Authorization": f"Bearer {TOKEN}", MODEL: parts.id}
