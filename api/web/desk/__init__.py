"""The licensing desk: permits, shipments and transfers for a state without a system of its own."""

from api.web.desk import finding, issuing, permits, shipments, transfers
from api.web.desk.blueprint import blueprint

__all__ = ["blueprint", "finding", "issuing", "permits", "shipments", "transfers"]
