"""How many bytes protobuf takes for a field."""

from __future__ import annotations

__all__ = ["field_size", "varint_size"]


def varint_size(number: int) -> int:
    """Bytes of a number: seven bits in each; ten for one below zero."""
    return 10 if number < 0 else max(1, (number.bit_length() + 6) // 7)


def field_size(size: int) -> int:
    """A string or message of so many bytes as a field with a small number: its tag, its length, and itself."""
    return size + 2 if size < 128 else size + 1 + varint_size(size)
