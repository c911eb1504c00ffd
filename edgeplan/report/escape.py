"""Names from a model, made safe to show: they are written by whoever made the model."""

from __future__ import annotations

import unicodedata

__all__ = ["plain"]

_LONGEST = 120


def plain(text: str, longest: int = _LONGEST) -> str:
    r"""The text without characters that steer a terminal or hide text, shortened in the middle when it is too long.

    Control and format characters (escape sequences, bidirectional overrides, line breaks) become `\x1b`-like escapes.
    """
    safe = "".join(_shown(c) for c in text[: 4 * longest])
    if len(safe) <= longest and len(text) <= 4 * longest:
        return safe
    half = (longest - 3) // 2
    tail = "".join(_shown(c) for c in text[-half:])[-half:]
    return f"{safe[:half]}...{tail}"


def _shown(c: str) -> str:
    if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        code = ord(c)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return c
