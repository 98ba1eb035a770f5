"""Documentation of the API."""

from __future__ import annotations

from flask import Blueprint, render_template

blueprint = Blueprint("docs", __name__)


@blueprint.get("/docs")
def docs() -> str:
    """Show the OpenAPI document."""
    return render_template("docs.html")
