"""The transaction, for routes and pages, which reach the database through nothing else."""

from salsa_ext.db import transaction

__all__ = ["transaction"]
