"""Stores the weights of a package by schemes, with coremltools.optimize.coreml, and hears why it leaves some."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from mil_weights import Key, Read, loaded, reads

__all__ = ["Words", "compressed", "mend_percentiles"]

Scheme = Mapping[str, Any]
"""The fields of `edgeplan.lower.scheme.Scheme`."""

SKIPPED = re.compile(r"\bon (\w+)\b.*Skipped")
PER = {"tensor": "per_tensor", "channel": "per_channel", "block": "per_block", "group": "per_grouped_channel"}
LARGE = 1 << 20
"""Elements of a weight from which the palettes of its groups are looked for in several processes."""


class Words(logging.Handler):
    """What coremltools says while it works: of a weight that it skips, the reason comes one line before the name."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.skipped: dict[str, str] = {}
        self._before = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the reason that came before a name."""
        line = " ".join(record.getMessage().split())
        found = SKIPPED.search(line)
        if found is not None:
            self.skipped[found[1]] = self._before or line
        self._before = line if found is None else ""


def mend_percentiles() -> None:
    """Have numpy compute percentiles of float16 in float32.

    numpy before 2.4 counts the elements in the array's own type: beyond 65,504 of them the threshold that
    coremltools prunes by is no number, and nothing is pruned. Later ones break its recurrent layers.
    """
    import numpy as np

    plain = np.percentile

    def percentile(a: Any, q: Any, *more: Any, **named: Any) -> Any:
        return plain(a.astype(np.float32) if getattr(a, "dtype", None) == np.float16 else a, q, *more, **named)

    np.percentile = percentile


def compressed(
    model: Any, chosen: Mapping[Key, Scheme | None], threshold: int, words: Words
) -> tuple[Any, dict[Key, str]]:
    """The package with every weight stored as chosen, and what was said of those that were left."""
    from coremltools.optimize.coreml import OptimizationConfig

    reasons: dict[Key, str] = {}
    for scheme in {json.dumps(s, sort_keys=True): s for s in chosen.values() if s is not None}.values():
        mine = [k for k, s in chosen.items() if s == scheme]
        for joint, (way, config) in enumerate(passes(scheme, threshold)):
            found = reads(loaded(model))
            told, names = asked({k: found[k] for k in mine if k in found}, config, bool(joint))
            if joint:  # an op may read others as well, and they are not meant
                told |= {r.const: None for r in found.values() if r.made.op_type == "const"}
            words.skipped.clear()
            model = way(model, OptimizationConfig(op_name_configs=told), joint_compression=bool(joint))
            said = {stem(n) if joint else n: why for n, why in words.skipped.items()}
            reasons |= {names[n]: why for n, why in said.items() if n in names}
    return model, reasons


def asked(
    found: Mapping[Key, Read], config: Callable[[Read], Any], joint: bool
) -> tuple[dict[str, Any], dict[str, Key]]:
    """What coremltools is told by name, and the weights that it will call by a name.

    What a first pass kept of a weight has no name of its own: there the ops that read the weight stand for it.
    """
    if not joint:
        return {r.const: config(r) for r in found.values()}, {r.const: k for k, r in found.items()}
    begun = {k: r for k, r in found.items() if r.made.op_type.startswith("constexpr_")}
    return (
        {op: config(r) for r in begun.values() for op in r.readers},
        {stem(r.made.nonzero_data.op.name): k for k, r in begun.items()},
    )


def stem(name: str) -> str:
    """A name that coremltools gave a constant without one, but for the number, which is another at every reading."""
    return re.sub(r"_\d+$", "", name)


def passes(scheme: Scheme, threshold: int) -> list[tuple[Any, Callable[[Read], Any]]]:
    """What coremltools is to do, one after the other: a function, and what it is told of a weight."""
    from coremltools.optimize import coreml as tool

    found: list[tuple[Any, Callable[[Read], Any]]] = []
    if scheme["sparsity"]:
        pruner = tool.OpMagnitudePrunerConfig(target_sparsity=scheme["sparsity"], weight_threshold=threshold)
        found.append((tool.prune_weights, lambda _: pruner))
    if scheme["form"] == "linear":
        quantizer = tool.OpLinearQuantizerConfig(
            mode="linear_symmetric", dtype=f"int{scheme['bits']}", granularity=PER[scheme["per"]],
            block_size=scheme["size"] or 32, weight_threshold=threshold,
        )  # fmt: skip
        found.append((tool.linear_quantize_weights, lambda _: quantizer))
    if scheme["form"] == "palette":

        def palettizer(read: Read) -> Any:
            many = scheme["per"] == "group" and prod(read.shape) >= LARGE
            return tool.OpPalettizerConfig(
                mode="kmeans", nbits=scheme["bits"], granularity=PER[scheme["per"]], group_size=scheme["size"] or 32,
                num_kmeans_workers=(os.cpu_count() or 1) if many else 1, weight_threshold=threshold,
            )  # fmt: skip

        found.append((tool.palettize_weights, palettizer))
    return found
