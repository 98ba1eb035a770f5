"""Envelopes of a state, and the check of any envelope without a database and without a network."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import click

from api.cli.context import acting, explained, own_state_option
from api.cli.printing import echo_table
from api.cli.verify import keys_in
from salsa_ext.access.paper_tokens import PublicKey
from salsa_ext.core.errors import EnvelopeRefused
from salsa_ext.exchange import queries as exchange_queries
from salsa_ext.exchange.envelopes import Envelope, parse, verify_signature

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def envelope() -> None:
    """List the envelopes of a state, sent and received, and check an envelope."""


@envelope.command("list")
@own_state_option
@click.option(
    "--out",
    "direction",
    flag_value="out",
    default=True,
    help="Envelopes that it sent (the default).",
)
@click.option("--in", "direction", flag_value="in", help="Envelopes that it received.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="At most so many.",
)
@explained
def list_all(state: str, direction: exchange_queries.Direction, limit: int) -> None:
    """List the last envelopes of a state with how far each came, newest first.

    \b
    Example:
      salsa envelope list --state PRY --in
    """
    with acting(state) as actor:
        page = exchange_queries.list_envelopes(actor, direction, limit)
    echo_table(
        [
            (
                each.id,
                f"{each.at:%Y-%m-%d %H:%M}",
                each.other_state,
                each.sequence,
                each.kind,
                each.case_number,
                each.status,
                each.code,
                each.attempts,
            )
            for each in page.items
        ]
    )
    if page.next:
        click.echo(f"There are more than these {limit}. Give a higher --limit.", err=True)


@envelope.command()
@own_state_option
@click.argument("envelope_id", metavar="ID", type=click.UUID)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where its bytes go.",
)
@explained
def export(state: str, envelope_id: UUID, output: Path) -> None:
    """Write the bytes of an envelope that a state sent or received, for others to check.

    \b
    Example:
      salsa envelope export --state PRY -o envelope.json 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        raw = exchange_queries.get_raw(actor, envelope_id)
    try:
        output.write_bytes(raw)
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from None


@envelope.command("verify")
@click.option(
    "--keys", "path", required=True, type=_FILE, help="What salsa signing-key get --json printed."
)
@click.argument("files", nargs=-1, required=True, type=_FILE)
@explained
def check(path: Path, files: tuple[Path, ...]) -> None:
    """Check envelopes; exit with 0 where all are good, else with 1.

    Needs no database and no network. Of several between two states, in their order, each has to
    name the hash of the one before it.

    \b
    Example:
      salsa envelope verify --keys keys.json envelope.json
    """
    keys, last = keys_in(path), dict[tuple[str, str], Envelope]()
    for file in files:
        good = _good(file, keys, last)
        last[good.sender, good.recipient] = good
        click.echo(_envelope_text(file, good))
        click.echo(_caution(keys[good.kid]), nl=False)
    click.echo("The signatures are good.")


def _good(
    file: Path, keys: Mapping[str, PublicKey], last: Mapping[tuple[str, str], Envelope]
) -> Envelope:
    try:
        read = parse(file.read_bytes())
        verify_signature(read, lambda kid: keys, None)
        before = last.get((read.sender, read.recipient))
        follows = before and before.sequence + 1 == read.sequence
        if before and follows and read.previous != before.hash:
            raise EnvelopeRefused("chain_broken", field=str(read.id))
    except EnvelopeRefused as refused:
        raise click.ClickException(f"{file}: {refused.message}") from None
    return read


def _envelope_text(file: Path, good: Envelope) -> str:
    answered = f", answers {good.in_reply_to}" if good.in_reply_to else ""
    return "\n".join(
        (
            f"{file}",
            f"  envelope  {good.id}, number {good.sequence} from {good.sender} to {good.recipient}",
            f"  says      {good.kind} in {good.case_number}{answered}",
            f"  written   {good.created_at:%Y-%m-%d %H:%M:%S} UTC, by the sender's clock",
            f"  hash      {good.hash}",
            f"  signed    {good.kid}",
        )
    )


def _caution(key: PublicKey) -> str:
    if (since := key.compromised_at) is None:
        return ""
    return (
        f"Take care: the key was reported stolen on {since:%Y-%m-%d}, and who has it can write an earlier"
        " hour. Ask the recipient when it came.\n"
    )
