"""The blueprint that the pages of the officer's desk share."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("post_desk", __name__)
