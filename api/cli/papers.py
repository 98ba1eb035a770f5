"""The paper of a permit as a file, from the server's own machine."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.context import acting, explained
from api.cli.options import Line, own_state_option
from api.cli.permits import chosen
from api.papers import permits
from api.vault import vault
from salsa_ext.services import papers
from salsa_ext.values.codes import PERMIT_KINDS


@click.command()
@own_state_option
@click.option("--kind", required=True, type=click.Choice(PERMIT_KINDS))
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="Where the PDF goes.")  # fmt: skip
@click.argument("number", type=Line(100))
@explained
def paper(state: str, kind: str, output: Path, number: str) -> None:
    """Write the paper of a permit that a state issued, as a PDF with its signed QR code.

    \b
    Example:
      salsa paper --state PRY --kind import -o certificate.pdf PRY-I-0001
    """
    with acting(state) as actor:
        permit = chosen(actor, number, kind, state).permit
        made = papers.permit_paper(actor=actor, vault=vault(), permit_id=permit.id)
        body = permits.render(made, actor.now())
    try:
        output.write_bytes(body)
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from None
    click.echo(f"{output}: {kind} {number} of {state}, signed by {made.token.split('.')[1]}")
