"""A model file as memory that is read where it lies."""

from __future__ import annotations

import mmap
import stat
from pathlib import Path

from edgeplan.frontends.errors import ModelError

__all__ = ["mapped"]


def mapped(path: Path) -> memoryview:
    """The bytes of a file, unmapped with the last view of them. Raises `ModelError` when it cannot be read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for its writer
            raise ModelError("is a directory" if stat.S_ISDIR(status.st_mode) else "is not a regular file")
        if status.st_size == 0:
            raise ModelError("the file is empty")
        with path.open("rb") as f:
            return memoryview(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as e:
        raise ModelError(e.strerror or "cannot be read") from None
    except ValueError:
        raise ModelError("no such file: its name holds a null character") from None
