"""The blueprint that the pages of analysts share."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("console", __name__)
