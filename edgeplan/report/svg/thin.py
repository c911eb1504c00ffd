"""Fewer marks than data: what a drawing of 50,000 ops shows where a pixel holds hundreds of them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["covered", "envelope", "runs"]


def envelope(values: Sequence[int], columns: int) -> list[tuple[int, int]]:
    """Where a stepped line changes and to what: (step, value). Of the steps in one column the largest stands for all.

    At most one entry a column; the maximum of all is always among them.
    """
    width = max(1, -(-len(values) // columns))
    found: list[tuple[int, int]] = []
    for start in range(0, len(values), width):
        value = max(values[start : start + width])
        if not found or found[-1][1] != value:
            found.append((start, value))
    return found


def runs(names: Sequence[str], columns: int) -> list[tuple[int, int, str]]:
    """Maximal runs of one name: (first step, one past the last, name). The first of the steps in a column counts."""
    width = max(1, -(-len(names) // columns))
    found: list[tuple[int, int, str]] = []
    for start in range(0, len(names), width):
        end = min(start + width, len(names))
        if found and found[-1][2] == names[start]:
            found[-1] = (found[-1][0], end, names[start])
        else:
            found.append((start, end, names[start]))
    return found


def covered(
    blocks: Sequence[tuple[int, int, int, int]], steps: int, size: int, columns: int, rows: int
) -> list[tuple[float, float, float, float]]:
    """The cells of a grid over steps and addresses that blocks touch, those of one column joined.

    Blocks are (first step, last step, offset, bytes); what comes back is (x, y, width, height), shares of the whole.
    """
    width = max(1, -(-steps // columns))
    columns = -(-steps // width)
    touched: list[int] = [0] * columns  # a column's rows as bits
    for first, last, offset, extent in blocks:
        low = offset * rows // size
        high = min(-(-(offset + extent) * rows // size), rows)
        bits = (1 << high) - (1 << low)
        for column in range(first // width, min(last // width, columns - 1) + 1):
            touched[column] |= bits
    found: list[tuple[float, float, float, float]] = []
    for column, mask in enumerate(touched):
        row = 0
        while mask >> row:
            rest = mask >> row
            row += (rest & -rest).bit_length() - 1
            free = ~(mask >> row)
            length = (free & -free).bit_length() - 1
            found.append((column * width / steps, row / rows, width / steps, length / rows))
            row += length
    return found
