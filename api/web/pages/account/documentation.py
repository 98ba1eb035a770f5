"""Documentation of the API."""

from __future__ import annotations

from flask import render_template

from api.web.blueprints import account_pages


@account_pages.get("/docs")
def docs() -> str:
    """Show the OpenAPI document."""
    return render_template("account/docs.html")
