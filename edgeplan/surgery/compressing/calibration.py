"""Samples of a model's inputs: the user's own, from files, or random ones that are said to be so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, is_zipfile

import numpy as np
from numpy.typing import NDArray

from edgeplan.frontends.loaded import Loaded
from edgeplan.surgery.compressing.outcome import CompressError
from edgeplan.surgery.equivalence import FEEDABLE, input_kinds
from edgeplan.surgery.runs import EndlessError, RunError, random_inputs, run_files
from edgeplan.units import say_bytes

__all__ = ["Samples", "inputs_of", "random_samples", "read_samples"]

Array = NDArray[Any]
Inputs = Mapping[str, tuple[np.dtype[Any], Sequence[int | str | None] | None]]
"""The element type and the shape of each input of a model, free dimensions by name or None."""

_SIZES = (64, 224, 32, 512, 3)
"""Sizes that free dimensions are tried at: large enough that a network has something to see."""

_LARGEST = 1 << 32
"""Bytes of samples that are read at most."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Inputs of a model, an array for each of its names; `said` is where they are from, in words."""

    feeds: tuple[Mapping[str, Array], ...]
    said: str
    random: bool = False


def inputs_of(read: Loaded) -> Inputs:
    """The inputs of a model as it was read. Raises `CompressError` for those numpy has no type for."""
    found: dict[str, tuple[np.dtype[Any], Sequence[int | str | None] | None]] = {}
    for name in read.graph.inputs:
        value = read.graph.values[name]
        if value.dtype is None or value.dtype not in FEEDABLE:
            raise CompressError(f"input {name!r} is of a type that samples cannot have")
        found[name] = (FEEDABLE[value.dtype], value.shape)
    return found


def read_samples(path: Path, inputs: Inputs) -> Samples:
    """The samples in an .npz or .npy file, or in a folder of them, in the order of their names.

    Arrays of an .npz are named as the inputs are; an .npy file, and the one array of an .npz, serve a model of one
    input. An array with an axis more than the input holds a sample for each of its elements; so does one whose first
    axis is a multiple of the input's, where that is fixed. Raises `CompressError`.
    """
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix in (".npy", ".npz"))
        if not files:
            raise CompressError(f"no .npy or .npz file is in {path}")
    else:
        files = [path]
    size = sum(map(_size, files))
    if size > _LARGEST:
        raise CompressError(f"the samples take {say_bytes(size)}: more than {say_bytes(_LARGEST)} are not read")
    feeds = tuple(sample for file in files for sample in _read(file, inputs))
    if not feeds:
        raise CompressError(f"no sample is in {path}")
    many = "sample" if len(feeds) == 1 else "samples"
    return Samples(feeds, f"{len(feeds)} {many} of {path.name}")


def _size(path: Path) -> int:
    """The bytes a file of samples takes in memory, by what it declares."""
    if not path.is_file():
        raise CompressError(f"cannot read {path}: it is no file")
    try:
        if not is_zipfile(path):
            return path.stat().st_size
        with ZipFile(path) as held:
            return sum(member.file_size for member in held.infolist())
    except (OSError, BadZipFile, NotImplementedError) as e:
        raise CompressError(f"cannot read {path}: {_told(e)}") from None


def _told(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__


def _read(path: Path, inputs: Inputs) -> Iterator[Mapping[str, Array]]:
    try:
        held = np.load(path, allow_pickle=False)
        arrays = {"": held} if isinstance(held, np.ndarray) else {n: np.asarray(held[n]) for n in held.files}
    except ValueError:  # numpy's own words are of pickles
        raise CompressError(f"cannot read {path}: it is no .npz or .npy file of plain arrays") from None
    except Exception as e:  # those of zip files, of what unpacks them and of numpy share no base class
        raise CompressError(f"cannot read {path}: {_told(e)}") from None
    if len(arrays) == len(inputs) == 1:
        arrays = dict(zip(inputs, arrays.values(), strict=True))
    missing = [n for n in inputs if n not in arrays]
    if missing:
        raise CompressError(f"{path.name} has no array for input {missing[0]!r}: it has {', '.join(arrays) or 'none'}")
    parts = {n: _parts(path.name, n, arrays[n], *inputs[n]) for n in inputs}
    counts = {len(p) for p in parts.values()}
    if len(counts) > 1:
        raise CompressError(f"{path.name} has {' and '.join(map(str, sorted(counts)))} samples of different inputs")
    yield from (dict(zip(parts, sample, strict=True)) for sample in zip(*parts.values(), strict=True))


def _parts(
    file: str, name: str, array: Array, dtype: np.dtype[Any], shape: Sequence[int | str | None] | None
) -> Sequence[Array]:
    """The samples of one input in an array."""
    if (array.dtype.kind in "fiub") != (dtype.kind in "fiub") or (array.dtype.kind == "f") > (dtype.kind == "f"):
        raise CompressError(f"{file}: {name!r} is {array.dtype}, and the model's input {dtype}")
    with np.errstate(over="ignore"):
        array = array.astype(dtype, copy=False)
    if shape is None:
        return [array]
    first = shape[0] if shape else None
    if array.ndim == len(shape) + 1 and _fits(array.shape[1:], shape):
        return list(array)
    if array.ndim == len(shape) and _fits(array.shape, shape):
        return [array]
    whole = (
        isinstance(first, int) and first > 0 and array.ndim == len(shape) and array.shape[0] % first == 0 < len(array)
    )
    if whole and isinstance(first, int) and _fits(array.shape[1:], shape[1:]):
        return np.split(array, array.shape[0] // first)
    told = ", ".join("?" if d is None else str(d) for d in shape)
    raise CompressError(f"{file}: {name!r} is {list(array.shape)}, and the model's input [{told}]")


def _fits(shape: Sequence[int], wanted: Sequence[int | str | None]) -> bool:
    return all(not isinstance(w, int) or w == d for d, w in zip(shape, wanted, strict=True))


def random_samples(read: Loaded, model: Path, count: int = 4) -> Samples:
    """Random inputs that a model runs on: floats around 0 with a spread of 1, whole numbers below 8 if it takes them.

    Raises `CompressError` where it runs on none.
    """
    why = ""
    for size in _SIZES if read.free else _SIZES[:1]:
        kinds = input_kinds(read, size)
        if isinstance(kinds, str):
            raise CompressError(kinds)
        for highest in (8, 2, 1):  # indices and lengths must lie inside what they index
            try:
                run_files([model], random_inputs(kinds, 0, highest), [])
            except EndlessError as e:
                raise CompressError(f"onnxruntime runs the model: {e}") from None
            except RunError as e:
                why = why or str(e)
                continue
            feeds = tuple(random_inputs(kinds, 2 * i, highest) for i in range(count))
            return Samples(feeds, f"{count} random inputs", random=True)
    raise CompressError(f"onnxruntime does not run the model: {why}")
