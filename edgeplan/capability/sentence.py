"""A row's conditions in words: what `edgeplan explain`, the tables of the docs and a review read."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.capability.predicates import PREDICATES
from edgeplan.capability.rows import Row

__all__ = ["conditions", "span"]


def conditions(row: Row) -> Iterator[str]:
    """One clause a condition: `when attr.mode is cubic`, then the predicate's own sentence."""
    for key, facts in (("when", row.when), ("unless", row.unless)):
        for path, spec in facts.items():
            yield f"{key} {_condition(path, spec)}"
    if row.check:
        sentence = " ".join((PREDICATES[row.check].__doc__ or row.check).split()).partition(". ")[0].rstrip(".")
        yield f"when {sentence if sentence[1:2].isupper() else sentence[0].lower() + sentence[1:]}"
    if row.features:
        yield f"on chips with {', '.join(row.features)}"
    if row.lacks:
        yield f"on chips without {', '.join(row.lacks)}"


def span(row: Row) -> str:
    """Releases, generations and precisions to which the row is limited, empty when it is not."""
    parts = []
    if row.since or row.until:
        parts.append(f"{row.since or 'first release'} to {row.until or 'newest'}")
    if row.generation.min or row.generation.max:
        parts.append(f"generation {row.generation.min or 'first'} to {row.generation.max or 'newest'}")
    if row.precision:
        parts.append(f"precision {' or '.join(row.precision)}")
    return "; ".join(parts)


def _condition(path: str, spec: object) -> str:
    if isinstance(spec, dict) and len(spec) == 1 and next(iter(spec)) in ("some", "every"):
        which, inner = next(iter(spec.items()))
        return f"{which} element of {path} is {_spec(inner)}"
    return f"{path} is {_spec(spec)}"


def _spec(spec: object) -> str:
    if isinstance(spec, dict):
        words = {
            "min": "at least",
            "max": "at most",
            "multiple_of": "a multiple of",
            "some": "for some element",
            "every": "for every element",
        }
        return " and ".join(f"{words.get(k, k)} {_spec(v)}" for k, v in spec.items())
    if isinstance(spec, list):
        return " or ".join(map(_spec, spec)) if not any(isinstance(s, list) for s in spec) else str(spec)
    return str(spec).lower() if isinstance(spec, bool) else str(spec)
