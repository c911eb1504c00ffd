"""Drawings of a plan as SVG: no script, no dependency, light and dark, the same bytes for the same plan."""

from __future__ import annotations

from edgeplan.report.svg.plot import arena_map, memory_plot, memory_timeline

__all__ = ["arena_map", "memory_plot", "memory_timeline"]
