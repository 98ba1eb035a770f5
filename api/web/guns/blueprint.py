"""The blueprint that the pages about guns share."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("guns", __name__)
