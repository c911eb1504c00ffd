"""What both sides agree on beside the framing: who may ask, for which halves, and where a token may go in the clear."""

from __future__ import annotations

import ipaddress
import os
import string

__all__ = ["INFER", "MANIFEST", "MODEL", "TOKEN", "is_loopback", "token_of_environment"]

INFER, MANIFEST = "/v1/infer", "/v1/manifest"

MODEL = "X-Split-Model"
"""The header that names the halves, by the SHA-256 of their manifest."""

TOKEN = "EDGEPLAN_SPLIT_TOKEN"
"""The environment variable that holds the bearer token: a command line can be read by everybody on the machine."""

_LEAST = 16
_TOKEN_LETTERS = frozenset(string.ascii_letters + string.digits + "-._~+/=")


def token_of_environment() -> str:
    """The token. Raises `ValueError` where there is none, or one that can be guessed or cannot stand in a header."""
    token = os.environ.get(TOKEN, "")
    if len(token) < _LEAST or not _TOKEN_LETTERS.issuperset(token):
        raise ValueError(f"{TOKEN} has to hold {_LEAST} or more letters and digits: try `openssl rand -hex 32`")
    return token


def is_loopback(host: str) -> bool:
    """Whether what is sent to that host stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
