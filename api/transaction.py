"""The transaction, for routes, pages and commands, which reach the database through nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from api.vault import vault
from salsa_ext.db import transaction as _transaction
from salsa_ext.services import retellings
from salsa_ext.values.actor import Actor

__all__ = ["transaction"]


@contextmanager
def transaction(actor: Actor) -> Iterator[None]:
    """Run a block as one transaction; what it corrected is told last in it to who got it in an answer."""
    retellings.forget()
    try:
        with _transaction(actor):
            yield
            retellings.run(actor, vault())
    finally:
        retellings.forget()
