"""A small demo region: how it is made, who reads it, and a number for its facts."""

import hashlib
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from functools import partial

from flask import Flask
from sqlalchemy import text

from api import jobs
from api.http.context import current_vault
from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from salsa_ext.demo import creation
from salsa_ext.demo.world import STATES
from tests.support import actors

ANCHOR, SEED, SCALE = date(2026, 3, 9), 10, 0.02


def make(config=None, progress=lambda *_: None):
    worker = config and jobs.worker_app(config)
    with worker.app_context() if worker else nullcontext():
        try:
            return creation.create_region(
                current_vault(),
                seed=SEED,
                anchor=ANCHOR,
                progress=progress,
                run_jobs=partial(jobs.run_to_idle, worker),
                scale=SCALE,
            )
        finally:
            if worker:
                db.engine.dispose()


@dataclass(frozen=True)
class Small:
    """A region that is read and not changed, beside the traces that a test asks."""

    app: Flask
    made: creation.CreatedRegion
    digest: str

    def client(self, state, role):
        [account] = [row for row in self.made.accounts if (row.state, row.role) == (state, role)]
        return actors.Client(self.app.test_client(), account.token)


def digest():
    """Return one number for all serials, dates and documents of the standing region."""
    kinds = ("permit", "shipment", "transfer", "report", "seizure")
    facts = []
    for state in STATES:
        with transaction(operator(state)):
            for kind in kinds:
                facts += rows_of(
                    f"SELECT number, concerned FROM {kind} ORDER BY owner_state, number"
                )
            facts += rows_of("SELECT case_number, status, found_on FROM trace ORDER BY case_number")
            facts += rows_of("SELECT name FROM party ORDER BY name")
    with transaction(operator("BRA")):
        facts += rows_of(
            "SELECT serial_norm, state, event, occurred_on, make FROM mark_key"
            " ORDER BY serial_norm, state, event, occurred_on, make"
        )
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def rows_of(query):
    return [tuple(row) for row in db.session.execute(text(query))]
