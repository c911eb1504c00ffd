"""Writes a PyTorch network as ONNX with fixed shapes, its weights in a sparse file that takes no room on the disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["OPSET", "write"]

OPSET = 17
INLINE = 4096
"""Bytes up to which a constant stays in the model: shapes, axes and scales are read from there."""


def write(network: Any, inputs: Sequence[Any], path: Path, opset: int = OPSET) -> str:
    """Export `network`, called with the example `inputs`, to `path`; returns the exporter that could do it."""
    import torch

    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        whole = Path(folder) / "whole.onnx"
        network.eval()
        try:
            with torch.no_grad():
                torch.onnx.export(network, tuple(inputs), str(whole), opset_version=opset, dynamo=False)
            how = "torchscript"
        except Exception as failed:
            print(f"torchscript exporter: {type(failed).__name__}: {str(failed)[:300]}", flush=True)
            with torch.no_grad():
                torch.onnx.export(network, tuple(inputs), str(whole), opset_version=18, dynamo=True)
            how = "dynamo"
        _strip(whole, path)
    return how


def _strip(whole: Path, path: Path) -> None:
    import onnx

    model = onnx.load(str(whole), load_external_data=False)
    at = 0
    data = path.name + ".data"
    for tensor in model.graph.initializer:
        size = _size(tensor)
        if size <= INLINE and tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        for field in ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data"):
            tensor.ClearField(field)
        del tensor.external_data[:]
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", data), ("offset", str(at)), ("length", str(size))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
        at += size
    if at:
        with (path.parent / data).open("wb") as weights:
            os.truncate(weights.fileno(), at)
    model.doc_string = ""
    partial = path.with_suffix(".part")
    partial.write_bytes(model.SerializeToString())
    partial.replace(path)


def _size(tensor: Any) -> int:
    """Bytes of a tensor of the file, by its type and shape."""
    import onnx

    count = 1
    for extent in tensor.dims:
        count *= extent
    return int(count * onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
