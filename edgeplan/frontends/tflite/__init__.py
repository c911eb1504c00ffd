"""TFLite files to graphs of the dialect `tflite`: checked, weights left where they are, dimensions bound.

The schema is generated from LiteRT's own (`rules/tflite/tflite.json`) and read by a checked reader of 200 lines: the
packages `tflite` and `flatbuffers` on PyPI follow any offset a file holds, and the former is releases behind.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgeplan.frontends.loaded import Loaded
from edgeplan.frontends.tflite.bind import bind, stored_sizes
from edgeplan.frontends.tflite.build import build, check_depth, tensor_names
from edgeplan.frontends.tflite.infer import infer
from edgeplan.frontends.tflite.read import IDENTIFIER, TfliteFile

__all__ = ["IDENTIFIER", "load_tflite"]


def load_tflite(
    source: Path | bytes,
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
) -> Loaded:
    """Read a model without its weights; of several subgraphs the first is the model.

    `dims` binds free dimensions by name, `shapes` and `values` inputs by the name of the tensor or of a signature.
    Raises `ModelError` when the file cannot be analysed and `BindingError` when a binding does not fit it; both
    messages are one line.
    """
    file = TfliteFile(memoryview(source)) if isinstance(source, bytes) else TfliteFile.open(source)
    main = file.subgraph(0)
    check_depth(file)
    named = tensor_names(main)
    names = {named[i]: i for i in main.inputs}
    names = {**{name: i for name, i in file.input_names().items() if i in main.inputs}, **names}
    bound, free = bind(main, names, dims or {}, shapes or {}, values or {})
    graph = build(file, infer(file, main, bound))
    folder = source.parent if isinstance(source, Path) else None
    missing = tuple(name for name in file.files if folder is not None and not os.path.isfile(folder / name))
    return Loaded(graph, tuple(sorted(free)), missing, stored_sizes(main))
