"""Cookies of the pages: no script reads them, and no other site's request carries them."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from werkzeug import Response

LANGUAGE = "salsa_language"


def put(response: Response, name: str, value: str, lasts: timedelta) -> None:
    """Set a cookie of the whole service."""
    response.set_cookie(
        name,
        value,
        max_age=lasts,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=current_app.config["SECURE_COOKIES"],
    )
