"""Count the stored records again."""

from __future__ import annotations

import click

from api.cli.context import application, explained
from api.http.context import transaction
from salsa_ext.access.rules import operator
from salsa_ext.figures import DATASETS
from salsa_ext.reference.names import participants
from salsa_ext.statistics import rollups


@click.command()
@click.argument(
    "codes", nargs=-1, type=click.Choice([dataset.code for dataset in DATASETS if dataset.recount])
)
@explained
def recount(codes: tuple[str, ...]) -> None:
    """Count the records of all states again, for some datasets or for all.

    For a new dataset, or after a fault. Recording waits meanwhile, one state at a time.

    \b
    Example:
      salsa recount seizures
    """
    with application():
        with transaction(operator(None)):
            states = participants()
        for dataset in DATASETS:
            if dataset.recount and (not codes or dataset.code in codes):
                corrected = 0
                for state in states:
                    actor = operator(state)
                    with transaction(actor):
                        corrected += rollups.recount(actor=actor, dataset=dataset)
                click.echo(f"{dataset.code}: {corrected} figures corrected.")
