"""Check a paper, or a release of figures, without a database and without a network."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from salsa_ext.access.paper_tokens import (
    Claims,
    PublicKey,
    TokenCheck,
    check_token,
    facts_digest,
    read_key_set,
)
from salsa_ext.releases.signed_releases import NotProven, verify_release

WORDS: Final = {
    "valid": "The signature is good.",
    "malformed": "This is not the text of a paper's QR code; it begins with SALSA1.",
    "unknown_key": "No state in the file of keys has this key; is the file new enough?",
    "altered": "Do not accept it: the text was altered or badly read. Scan it once more.",
    "compromised_key": "Do not accept it: it was signed after its state reported the key stolen.",
}


@click.command()
@click.option(
    "--keys",
    "path",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What salsa signing-key get --json printed.",
)
@click.argument("token")
def verify(path: Path, token: str) -> None:
    """Check the text of a paper's QR code; exit with 0 where its signature is good, else with 1.

    Needs no database and no network. A - for the text reads it from standard input. Whether the
    paper was cancelled since, only the service knows.

    \b
    Example:
      salsa verify --keys keys.json SALSA1.PRY-2026-1A2B3C4D.PMRH…
    """
    text = sys.stdin.read() if token == "-" else token  # noqa: S105 - a dash
    reading = check_token("".join(text.split()), keys_in(path))
    click.echo(WORDS[reading.verdict])
    if reading.claims:
        click.echo(_claims_text(reading.claims))
    click.echo(_caution(reading), nl=False)
    raise click.exceptions.Exit(0 if reading.verdict == "valid" else 1)


def keys_in(path: Path) -> Mapping[str, PublicKey]:
    """Return the keys of a file as the service gives it; says what is wrong with another."""
    try:
        return read_key_set(json.loads(path.read_text()))
    except ValueError:
        raise click.ClickException(f"{path} is no set of keys as the service gives it.") from None


def _claims_text(claims: Claims) -> str:
    goods = ", ".join(f"{amount} {name}" for name, amount in claims.quantities.items())
    validity, of_goods = "", []
    if claims.kind != "annual_report":
        validity = f", valid through {claims.valid_through}"
        route = f"{claims.exporting_state} to {claims.importing_state}"
        of_goods = [f"  from      {route}", f"  goods     {goods}"]
    return "\n".join(
        (
            f"  document  {claims.kind} {claims.number} of {claims.state}",
            f"  issued    {claims.issued_on}{validity}",
            *of_goods,
            f"  signed    {claims.signed_at:%Y-%m-%d %H:%M} UTC",
        )
    )


def _caution(reading: TokenCheck) -> str:
    if reading.verdict != "valid" or reading.key is None:
        return ""
    if since := reading.key.compromised_at:
        return (
            f"Take care: the key was reported stolen on {since:%Y-%m-%d}, and who has it can write"
            " an earlier day. Ask the issuing state.\n"
        )
    return "Compare this with the paper; whether it was cancelled since, only the service knows.\n"


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def release() -> None:
    """Verify a release of figures; make, list and read releases over HTTP."""


@release.command("verify")
@click.option("--keys", required=True, type=FILE, help="What salsa signing-key get --json printed.")
@click.argument("path", metavar="FILE", type=FILE)
def verify_figures(keys: Path, path: Path) -> None:
    """Verify that a release and its tables are as they were signed; else exit with 1.

    FILE is what salsa release get ID --json printed.

    \b
    Example:
      salsa release verify --keys keys.json figures-2025.json
    """
    try:
        document = json.loads(path.read_text())
        key = verify_release(document, keys_in(keys))
    except (NotProven, ValueError) as error:
        raise click.ClickException(f"Not proven: {error}.") from None
    click.echo(
        f"Release {document['number']} of {document['year']} is as {key.kid} signed it:"
        f" {len(document['tables'])} tables."
    )


@click.group()
def annual_report() -> None:
    """Verify an annual report; begin, write, sign and read reports over HTTP."""


@annual_report.command("verify")
@click.option("--keys", required=True, type=FILE, help="What salsa signing-key get --json printed.")
@click.argument("path", metavar="FILE", type=FILE)
def verify_report(keys: Path, path: Path) -> None:
    """Verify that the words and figures of a report are as they were signed; else exit with 1.

    FILE is what salsa annual-report get ID --json printed.

    \b
    Example:
      salsa annual-report verify --keys keys.json report-2025.json
    """
    try:
        document = json.loads(path.read_text())
        digest = facts_digest(_signed_content(document))
        claims = check_token(document["token"], keys_in(keys)).claims
    except (KeyError, TypeError, AttributeError, ValueError):
        raise click.ClickException("This is no signed report as the service gives it.") from None
    if claims is None or claims.digest != digest:
        raise click.ClickException("Not proven: it was altered, or its key is not in the file.")
    click.echo(f"Report {claims.number} of {claims.state} is as it was signed; digest {digest}.")


def _signed_content(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was signed of a report as clients get it: of all states, its release."""
    content = {name: document[name] for name in ("year", "number", "words", "numbers", "changes")}
    from salsa_ext.database.session import NO_STATE  # other checks load no database

    content["state"] = document["state"] or NO_STATE
    content["share"] = [document["share"][name] for name in ("established", "recovered")]
    content["gaps"] = [
        {name: gap[name] for name in ("code", "amount", "items")} for gap in document["gaps"]
    ]
    if document["release"]:
        signed = {"id": document["release"], "signature": document["release_signature"]}
        return content | {"release": signed}
    tables = {
        table["code"]: {name: table[name] for name in ("columns", "rows")}
        for table in document["tables"]
    }
    return content | {"tables": tables}
