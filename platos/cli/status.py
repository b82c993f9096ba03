"""`platos status`: how every specialist is doing."""

from __future__ import annotations

import typer

from platos.cli._context import load, locate, run_async, show
from platos.cli._status import read_status
from platos.cli._status_text import render_status

__all__ = ["status"]


def status(ctx: typer.Context) -> None:
    """Show how every specialist is doing.

    Example: platos status
    """
    show(ctx, run_async(read_status, locate(ctx), lambda: load(ctx)), render_status)
