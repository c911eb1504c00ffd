"""SVG elements as text: numbers kept short, and names from a model, which are hostile, made safe."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from edgeplan.report.escape import plain
from edgeplan.report.svg.style import STYLE

__all__ = ["document", "element", "label", "number", "rect", "safe", "titled"]


def safe(text: str, longest: int = 120) -> str:
    """A name as character data: nothing in it steers a renderer or ends the text."""
    return plain(text, longest).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def number(value: float) -> str:
    """At most two decimals: a hundredth of a pixel."""
    said = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if said == "-0" else said


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """An element; `content` is markup already. `class_` is `class`, an underscore in a name a hyphen."""
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(value if isinstance(value, str) else number(value))}"
        for key, value in attributes.items()
    )
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"


def label(x: float, y: float, text: str, class_: str = "", anchor: str = "") -> str:
    """A line of text, its baseline at `y`; `anchor` is `start`, `middle` or `end`."""
    more = {k: v for k, v in (("class_", class_), ("text_anchor", anchor)) if v}
    return element("text", safe(text, 200), x=x, y=y, **more)


def rect(x: float, y: float, width: float, height: float, class_: str, tip: str = "") -> str:
    """A rectangle, with what a pointer over it shows."""
    inside = element("title", safe(tip, 300)) if tip else ""
    return element("rect", inside, x=x, y=y, width=width, height=height, class_=class_)


def titled(tip: str, *parts: str) -> str:
    """Parts under one tooltip."""
    return element("g", element("title", safe(tip, 300)) + "".join(parts))


def document(width: int, height: int, title: str, description: str, parts: Iterable[str], own_style: str = "") -> str:
    """A whole drawing that scales, with its title and description for those who cannot see it.

    `own_style` is what this drawing has of its own beside the stylesheet of all.
    """
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title desc">',
        f'<title id="title">{safe(title, 300)}</title>',
        f'<desc id="desc">{safe(description, 1000)}</desc>',
        f"<style>{STYLE}{own_style}</style>",
        rect(0, 0, width, height, "paper"),
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
