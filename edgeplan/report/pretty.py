"""Any value as indented JSON that is safe to print."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

__all__ = ["pretty_json"]

_HIDDEN = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Characters JSON allows as they are and that steer a terminal or hide text: names in a model may hold them."""


def pretty_json(value: Any) -> str:
    """The value, indented, a line break at the end; control and format characters in strings are escaped."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return _HIDDEN.sub(lambda m: json.dumps(m[0])[1:-1], text) + "\n"
