"""Blueprints of the page areas."""

from __future__ import annotations

from flask import Blueprint

licensing_pages = Blueprint("desk", __name__, url_prefix="/desk")

investigation_pages = Blueprint("guns", __name__)

tracing_pages = Blueprint("console", __name__)

border_pages = Blueprint("post_desk", __name__)
