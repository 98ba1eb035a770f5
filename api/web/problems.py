"""Errors as pages, for people; programs get the problem itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request

from salsa_ext.errors import say

HTML = "text/html"
HEADINGS = {
    403: say("You cannot do this"),
    404: say("Not found"),
    422: say("This cannot be taken"),
    503: say("Not available at the moment"),
}
OTHER = say("This did not work")


def wants_page() -> bool:
    """Tell whether a person's browser asked, and not for the API."""
    if request.path.startswith("/api/"):
        return False
    return request.accept_mimetypes.best_match(["application/problem+json", HTML]) == HTML


def page(problem: Mapping[str, Any]) -> str:
    """Return a problem as a page; needs no database, since that may be what is missing."""
    heading = HEADINGS.get(problem["status"], OTHER)
    return render_template("problem.html", heading=heading, problem=problem)
