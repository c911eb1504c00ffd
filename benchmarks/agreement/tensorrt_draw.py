"""A model of one operator being drawn: shapes, types and which inputs are known."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

__all__ = ["ANY", "FLOATS", "Draw", "Maker", "some"]

FLOATS = ("FLOAT",) * 6 + ("FLOAT16",) * 3 + ("BFLOAT16", "DOUBLE")
ANY = FLOATS + ("INT32", "INT64", "INT8", "UINT8", "BOOL", "INT16", "UINT16", "UINT32")
"""Type names, the frequent ones several times."""


@dataclass
class Draw:
    """A model being drawn: inputs are made known (`const`) or left to run time."""

    dice: random.Random
    kind: str = "FLOAT"
    inputs: list[Any] = field(default_factory=list)
    weights: list[TensorProto] = field(default_factory=list)
    feeds: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def one(self, *options: Any) -> Any:
        """One of the options."""
        return self.dice.choice(options)

    def chance(self, p: float) -> bool:
        """True with a probability."""
        return self.dice.random() < p

    def shape(self, rank: int, most: int = 8) -> list[int]:
        """Sizes of a tensor."""
        return [self.dice.choice((1, 2, 3, 4, most)) for _ in range(rank)]

    def tensor(self, shape: Sequence[int], kind: str = "", const: float = 0.0, values: Any = None) -> str:
        """Add an input; it is known with the probability `const`. `values` are its contents."""
        name, kind = f"x{len(self.names)}", kind or self.kind
        number = TensorProto.DataType.Value(kind)
        made = (
            np.random.default_rng(self.dice.randrange(2**31)).uniform(0.1, 3, list(shape)) if values is None else values
        )
        array = np.asarray(made).astype(helper.tensor_dtype_to_np_dtype(number))
        if self.chance(const):
            self.weights.append(numpy_helper.from_array(array, name))
        else:
            sizes: list[int | str] = list(shape)
            if values is None and sizes and self.chance(0.06):
                sizes[self.dice.randrange(len(sizes))] = f"N{len(self.names)}"
            self.inputs.append(helper.make_tensor_value_info(name, number, sizes))
            self.feeds[name] = array
        self.names.append(name)
        return name

    def ints(self, values: Sequence[int], const: float = 0.95, kind: str = "INT64") -> str:
        """Add a list of integers, nearly always known."""
        return self.tensor([len(values)], kind, const, np.array(values))

    def gap(self) -> None:
        """Leave out an optional input."""
        self.names.append("")


Maker = Callable[[Draw], dict[str, Any]]
"""Adds an operator's inputs to a drawing and gives its attributes."""


def some(d: Draw, **attrs: Any) -> dict[str, Any]:
    """Each attribute with a probability of one half, its value taken from its options."""
    return {k: d.one(*v) for k, v in attrs.items() if d.chance(0.5)}
