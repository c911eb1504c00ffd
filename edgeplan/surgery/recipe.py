"""The steps of a rewrite as a file: what can be read before it is done, and done again exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
import onnx

from edgeplan.surgery.draft import Draft, weightless
from edgeplan.surgery.improve import Step, act
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrite import Stage
from edgeplan.surgery.rewrites import NAMES, rewrites
from edgeplan.surgery.sweep import Swept
from edgeplan.version import __version__

__all__ = ["Done", "Recipe", "RecipeError", "read_recipe", "recipe_of", "redo", "structure", "write_recipe"]


class RecipeError(ValueError):
    """A plan file that cannot be read, or does not fit the model, in one line."""


class Done(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: the rewrite, the ops it is done at (anywhere when empty), and at how many places it was done.

    `folding` are the rewrites that the folding and cleaning behind it may use.
    """

    rewrite: str
    at: tuple[str, ...] = ()
    sites: int = 0
    folding: tuple[str, ...] = ()


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be done to a model of this structure, and the structure that must come of it.

    `before` and `after` are SHA-256 sums of the model without its weights, so the same recipe serves the model when it
    has been trained again. `dims`, `inputs` and `values` are what was bound first, and `opset` is what the model
    was raised to, 0 where it was not.
    """

    edgeplan: str
    model: str
    before: str
    after: str
    steps: tuple[Done, ...]
    target: str = ""
    dims: Mapping[str, int] = {}
    inputs: Mapping[str, Sequence[int]] = {}
    values: Mapping[str, float] = {}
    opset: int = 0
    schema_version: int = 1


def structure(draft: Draft) -> str:
    """The SHA-256 sum of a model's ops, names, types and settings; of its large weights only names and sizes count."""
    proto = weightless(draft.model)
    for field in ("producer_name", "producer_version", "doc_string", "metadata_props"):
        proto.ClearField(field)
    proto.graph.ClearField("value_info")
    for tensor in proto.graph.initializer:
        tensor.ClearField("float_data")
        if tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE):
            tensor.ClearField("raw_data")
            tensor.ClearField("external_data")
            tensor.ClearField("data_location")
    return sha256(proto.SerializeToString(deterministic=True)).hexdigest()


def recipe_of(
    name: str,
    before: str,
    after: Draft,
    steps: Sequence[Step],
    target: str = "",
    *,
    dims: Mapping[str, int],
    inputs: Mapping[str, Sequence[int]],
    values: Mapping[str, float],
    opset: int,
) -> Recipe:
    """The recipe of steps that were done to a model of the structure `before`."""
    done = tuple(Done(s.name, s.roots, len(s.sites), s.folding) for s in steps)
    made = structure(after)
    return Recipe(__version__, name, before, made, done, target, dims, inputs, values, opset)


def redo(
    recipe: Recipe,
    draft: Draft,
    ledger: Ledger,
    strict: bool = True,
    after: Callable[[Done, Swept], None] = lambda done, found: None,
) -> None:
    """Do the steps of a recipe to a draft, in place; `after` hears of each one.

    Raises `RecipeError` when, being `strict`, the model is not the one they were planned for, or another one comes of
    them.
    """
    if strict and structure(draft) != recipe.before:
        raise RecipeError(f"this is not the model the plan was made for ({recipe.model}): its ops differ")
    for step in recipe.steps:
        folding = [r for r in rewrites(Stage.FOLD) if r.id in step.folding]
        found = act(draft, step.rewrite, step.at, folding, ledger)
        if strict and len(found.sites) != step.sites:
            raise RecipeError(f"{step.rewrite} was done at {step.sites} places and now fits {len(found.sites)}")
        after(step, found)
    if strict and structure(draft) != recipe.after:
        raise RecipeError("another model comes of the plan than the one it was made for")


def read_recipe(path: Path) -> Recipe:
    """A recipe from a file. Raises `RecipeError`."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Recipe)
    except OSError as e:
        raise RecipeError(f"cannot read {path}: {e.strerror}") from None
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as e:
        raise RecipeError(f"{path} is no plan of `edgeplan rewrite`: {e}") from None
    unknown = [s.rewrite for s in found.steps if s.rewrite not in (*NAMES, "simplify")]
    if unknown:
        raise RecipeError(f"{path} names a rewrite this edgeplan does not know: {unknown[0]}")
    return found


def write_recipe(recipe: Recipe) -> str:
    """A recipe as text, for a file."""
    return msgspec.json.format(msgspec.json.encode(recipe), indent=2).decode()
