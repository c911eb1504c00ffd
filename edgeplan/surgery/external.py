"""Holds the files that weights lie in to the model's folder, links followed, before any of them is opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx_ir as ir

from edgeplan.frontends.errors import ModelError
from edgeplan.surgery.looking import bodies

__all__ = ["keep_inside"]


def keep_inside(graph: ir.Graph, folder: Path) -> None:
    """Bind the weights of a graph and its bodies to files in `folder`.

    Raises `edgeplan.ModelError` for a file that lies elsewhere, that is linked to from elsewhere (onnx_ir reads none of
    several names), or that ends before the weights do.
    """
    real = folder.resolve()
    seen: set[str] = set()
    for tensor in _external(graph):
        tensor.base_dir = folder.absolute()
        where = str(tensor.location)
        if (folder / where).is_file() and (tensor.offset or 0) + tensor.nbytes > (folder / where).stat().st_size:
            raise ModelError(f"the file of its weights is too short: {where!r} ends before {tensor.name!r} does")
        if where in seen:
            continue
        seen.add(where)
        path = (folder / where).resolve()
        if not path.is_relative_to(real):
            raise ModelError(f"its weights lie outside the model's folder: {where!r} is a link")
        if path.is_file() and path.stat().st_nlink > 1:
            raise ModelError(f"the file of its weights has several names, and may be another's: {where!r}")


def _external(graph: ir.Graph) -> Iterator[ir.ExternalTensor]:
    held = [v.const_value for v in graph.initializers.values()]
    for node in graph:
        for attr in node.attributes.values():
            if not attr.is_ref() and attr.type == ir.AttributeType.TENSOR:
                held.append(attr.value)
            elif not attr.is_ref() and attr.type == ir.AttributeType.TENSORS:
                held.extend(attr.value)
        for body in bodies(node):
            yield from _external(body)
    yield from (tensor for tensor in held if isinstance(tensor, ir.ExternalTensor))
