"""Errors as pages for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request

from salsa_ext.core.errors import message

HTML = "text/html"
HEADINGS = {
    403: message("You cannot do this"),
    404: message("Not found"),
    422: message("This cannot be taken"),
    503: message("Not available at the moment"),
}
OTHER_HEADING = message("This did not work")


def wants_html() -> bool:
    """Return whether a browser asks for a page outside the API."""
    if request.path.startswith("/api/"):
        return False
    return request.accept_mimetypes.best_match(["application/problem+json", HTML]) == HTML


def render_problem(problem: Mapping[str, Any]) -> str:
    """Render a problem as a page, without using the database."""
    heading = HEADINGS.get(problem["status"], OTHER_HEADING)
    return render_template("problem.html", heading=heading, problem=problem)
