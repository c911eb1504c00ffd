"""The look of the drawings: one set of colours that colour-blind readers tell apart, on white and on black.

The colours are those of M. Okabe and K. Ito, "Color Universal Design" (2008). They are written out rule by rule,
without variables, so that programs that know little CSS show them too.
"""

from __future__ import annotations

__all__ = ["STYLE"]

_BLOCKS = {
    "conv": "#0072b2",
    "matrix": "#56b4e9",
    "elementwise": "#009e73",
    "layout": "#e69f00",
    "reduce": "#cc79a7",
    "other": "#b8a58c",
    "input": "#9aa3ad",
    "scratch": "#d55e00",
    "body": "#8c7ae6",
    "state": "#f0e442",
    "rest": "#8d969f",
}

_LIGHT = {"paper": "#ffffff", "ink": "#1b1f24", "quiet": "#5a6470", "grid": "#e6e9ed", "hair": "#ffffff"}
_DARK = {"paper": "#14171c", "ink": "#e8eaed", "quiet": "#9aa5b1", "grid": "#2a3038", "hair": "#14171c"}


def _theme(c: dict[str, str]) -> str:
    return (
        f".paper{{fill:{c['paper']}}}"
        f"text{{fill:{c['ink']}}}"
        f".quiet{{fill:{c['quiet']}}}"
        f".grid{{stroke:{c['grid']}}}"
        f".axis{{stroke:{c['quiet']}}}"
        f".peak{{stroke:{c['ink']}}}"
        f".dot{{fill:{c['ink']};stroke:{c['paper']}}}"
        f"path.arena{{stroke:{c['ink']}}}"
        f".block{{stroke:{c['hair']}}}"
        f".unit0{{fill:{c['ink']}}}"
        f".unit1{{fill:{c['quiet']};fill-opacity:.42}}"
        f".unit2{{fill:{c['quiet']}}}"
        f".unit3{{fill:{c['quiet']};fill-opacity:.2}}"
    )


STYLE = (
    'text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-size:12px;'
    "font-variant-numeric:tabular-nums}"
    ".title{font-size:21px;font-weight:600}"
    ".head{font-size:13px;font-weight:600}"
    ".big{font-size:30px;font-weight:600}"
    ".tick,.small{font-size:11px}"
    ".grid,.axis{stroke-width:1;fill:none}"
    ".live{fill:#0072b2;fill-opacity:.16;stroke:none}"
    ".edge{fill:none;stroke:#0072b2;stroke-width:1.6;stroke-linejoin:round}"
    ".fine{stroke-width:1}"
    ".peak{stroke-width:1;stroke-dasharray:2 3;fill:none}"
    "path.arena{stroke-width:1.2;stroke-dasharray:7 4;fill:none}"
    "path.budget{stroke:#d55e00;stroke-width:1.6;stroke-dasharray:2 3;fill:none}"
    ".dot{stroke-width:2}"
    ".block{stroke-width:.6}"
    + "".join(f".{name}{{fill:{color}}}" for name, color in _BLOCKS.items())
    + ".rest{fill-opacity:.3}.away{fill-opacity:.45}.thin{fill-opacity:.8}"
    + _theme(_LIGHT)
    + "text.budget{fill:#b54a00}text.on{fill:#10141a}text.on-conv{fill:#ffffff}.no{font-weight:600}"
    + f"@media (prefers-color-scheme:dark){{{_theme(_DARK)}"
    + ".edge{stroke:#56b4e9}.live{fill:#56b4e9}.away{fill-opacity:.6}text.budget{fill:#ff9a4d}"
    + "text.on{fill:#10141a}text.on-conv{fill:#ffffff}}"
)
"""A stylesheet for every drawing. `text.on` is text that lies on a coloured block, whatever the theme."""
