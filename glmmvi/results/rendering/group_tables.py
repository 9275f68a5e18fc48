"""Stub: comes next."""

from __future__ import annotations

from typing import Any


def render_ranef(table: Any, **options: Any) -> str:
    """Not written yet."""
    return repr(table)


def render_coef(table: Any, **options: Any) -> str:
    """Not written yet."""
    return repr(table)
