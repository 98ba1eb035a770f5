"""Count the stored records again."""

from __future__ import annotations

from collections import Counter

import click

from api import jobs
from api.cli.context import explained, require_schema
from api.http.context import transaction
from api.server import embedded_database
from salsa_ext.access.rules import operator
from salsa_ext.core.config import Config
from salsa_ext.figures import COUNTED_DATASETS, COUNTED_KINDS
from salsa_ext.reference.names import participants
from salsa_ext.statistics import rollups


@click.command()
@explained
def recount() -> None:
    """Count the records of all states again, for all figures.

    For a new dataset, or after a fault. One state at a time; recording goes on meanwhile.

    \b
    Example:
      salsa recount
    """
    with embedded_database.running_database(Config.from_env()) as config:
        require_schema(config)
        jobs.require_worker(config)
        with jobs.worker_app(config).app_context():
            with transaction(operator(None)):
                states = participants()
            corrected = Counter[str]()
            for state in states:
                actor = operator(state)
                with transaction(actor):
                    corrected.update(
                        rollups.recount(actor=actor, kinds=COUNTED_KINDS, datasets=COUNTED_DATASETS)
                    )
    for dataset in COUNTED_DATASETS:
        click.echo(f"{dataset.code}: {corrected[dataset.code]} figures corrected.")
