"""What takes the HTP's vector unit a pass of its own: activations, products, pools, transposes by what they move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from edgeplan.cost.speeds import Penalty

__all__ = ["ALIKE", "penalties"]

_SOURCE = {"aihub-latency": "qnn_dlc, qnn_context_binary: the networks that have the op against those that have not"}
_LAYOUT = {"attr.perm[1]": [2, 3], "attr.perm[3]": [1, 2]}
"""Between the two layouts of an image: none on the HTP."""
_SHUFFLE = {"attr.perm[1]": 2, "attr.perm[2]": 1, "out.rank": 5}
"""The converter makes one op, ChannelShuffle, of it and of the two reshapes around it."""
ALIKE: Mapping[str, tuple[str, ...]] = {
    "transpose": ("transpose-blocks", "transpose-columns", "transpose-axes"),
    "transpose-deep": ("transpose-deep-axes",),
}
"""Penalties with the figures of another one: a row has one exception, and any other transpose has several."""


def _transposes(one: Callable[..., Penalty]) -> Iterator[Penalty]:
    """By what is moved: the heads of an attention, queries with keys and values, or anything else."""
    first, inner = {"attr.perm[0]": 0}, {"attr.perm[0]": {"min": 1}}
    for name, when, unless in (
        ("transpose", {"out.rank": {"max": 3}}, None),
        ("transpose-blocks", {"out.rank": 4, **first, "out.shape[0]": {"min": 2}}, _LAYOUT),
        ("transpose-columns", {"out.rank": 4, **first, "out.shape[0]": 1, "attr.perm[1]": [1, 3]}, _LAYOUT),
        ("transpose-axes", {"out.rank": 4, **inner}, {"out.shape[0]": 3}),
        ("transpose-deep", {"out.rank": {"min": 5}, **first}, _SHUFFLE),
        ("transpose-deep-axes", {"out.rank": {"min": 5}, **inner}, {"out.shape[0]": 3}),
    ):
        yield one(name, "Transpose", "It copies in small pieces.", 3, 45, when, unless)
    yield one(
        "heads",
        "Transpose",
        "The heads of one attention lie beside each other and are moved whole.",
        3,
        45,
        {"out.rank": 4, **first, "attr.perm[1]": 2, "attr.perm[2]": 1, "out.shape[0]": 1},
    )
    yield one(
        "packed",
        "Transpose",
        "Queries, keys and values of one product are told apart in long pieces.",
        1,
        10,
        {"out.rank": {"min": 4}, **inner, "out.shape[0]": 3},
    )


def penalties(stored: float, scales: Literal["work", "traffic"]) -> tuple[Penalty, ...]:
    """What runs on the vector unit. Figures are of bytes as the HTP holds them; `stored` is how many a graph counts."""

    def one(name: str, ops: str, why: str, us: float, ns: float, when: object = None, unless: object = None) -> Penalty:
        conditions = {k: v for k, v in (("when", when), ("unless", unless)) if v}
        return Penalty(
            name, tuple(ops.split()), why, _SOURCE, us=us, ns_per_kb=ns / stored, scales=scales, **conditions
        )  # type: ignore[arg-type]

    return (
        one(
            "colour-channels",
            "Add Div Mul Sub",
            "Three channels are padded to 32: normalising an image takes as long as if it had ten times the channels.",
            1,
            250,
            {
                "out.rank": 4,
                "out.shape[1]": {"max": 3},
                "out.shape[2]": {"min": 17},
                "B.const": True,
                "B.size": {"min": 2, "max": 3},
            },
        ),
        one(
            "image-of-channels",
            "DepthToSpace",
            "What it makes has few channels, and those are padded to 32.",
            0.5,
            60,
            {"out.shape[1]": {"max": 4}},
        ),
        *_transposes(one),
        one(
            "curve",
            "Sigmoid HardSwish HardSigmoid Tanh Gelu com.microsoft.Gelu Swish Mish Softplus Elu Exp Sqrt Erf",
            "An activation that is no clipping takes a pass of its own.",
            0.4,
            5,
        ),
        one(
            "product",
            "Mul",
            "A product of two tensors takes a pass of its own.",
            0.4,
            4,
            {"A.const": False, "B.const": False},
        ),
        one("softmax", "Softmax", "Several passes over the data.", 2, 30),
        one(
            "norm",
            "LayerNormalization InstanceNormalization GroupNormalization RMSNormalization",
            "Several passes.",
            2,
            8,
        ),
        one("resize", "Resize Upsample GridSample", "Interpolation runs on the vector unit.", 1, 25),
        one("pool", "MaxPool AveragePool", "Pooling runs on the vector unit.", 1, 6),
        one(
            "reduction",
            "ReduceMean ReduceMax ReduceSum ReduceMin ReduceL2 GlobalAveragePool ArgMax",
            "As pooling does.",
            1,
            12,
        ),
        one(
            "volume",
            "Conv",
            "A convolution of three dimensions is put together from those of two.",
            1,
            14,
            {"X.rank": 5},
        ),
    )
