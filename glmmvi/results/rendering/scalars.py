"""Stub: comes next."""

from __future__ import annotations

from typing import Any


def render_log_lik(table: Any, **options: Any) -> str:
    """Not written yet."""
    return repr(table)
