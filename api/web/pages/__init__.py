"""Pages by area, a blueprint each."""

from flask import Blueprint

licensing_pages = Blueprint("licensing", __name__, url_prefix="/desk")
investigation_pages = Blueprint("investigation", __name__)
tracing_pages = Blueprint("tracing", __name__)
border_pages = Blueprint("border", __name__)
account_pages = Blueprint("account", __name__)

AREAS = (account_pages, border_pages, licensing_pages, investigation_pages, tracing_pages)
