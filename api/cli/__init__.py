"""The one command-line program."""

from __future__ import annotations

import importlib
from typing import Any

import click

COMMANDS = {
    "init": ("api.cli.init", "init"),
    "demo": ("api.cli.demo", "demo"),
    "serve": ("api.cli.serve", "serve"),
    "worker": ("api.cli.serve", "worker"),
    "doctor": ("api.cli.doctor", "doctor"),
    "db": ("api.cli.db", "db"),
    "agency": ("api.cli.agencies", "agency"),
    "contact": ("api.cli.contacts", "contact"),
    "setting": ("api.cli.settings", "setting"),
    "licensee": ("api.cli.licensees", "licensee"),
    "permit": ("api.cli.permits", "permit"),
    "discrepancy": ("api.cli.discrepancies", "discrepancy"),
    "shipment": ("api.cli.checkpoints", "shipment"),  # which adds the last of its commands
    "seizure": ("api.cli.seizures", "seizure"),
    "report": ("api.cli.reports", "report"),
    "attach": ("api.cli.attachments", "attach"),
    "match": ("api.cli.matches", "match"),
    "record": ("api.cli.records", "record"),
    "consent": ("api.cli.consents", "consent"),
    "trace": ("api.cli.trace_drafts", "trace"),  # which adds the last of its commands
    "request": ("api.cli.requests", "request"),
    "notification": ("api.cli.notifications", "notification"),
    "lead": ("api.cli.leads", "lead"),
    "alert": ("api.cli.alerts", "alert"),
    "hit": ("api.cli.hits", "hit"),
    "board": ("api.cli.boards", "board"),
    "account": ("api.cli.accounts", "account"),
    "key": ("api.cli.keys", "key"),
    "signing-key": ("api.cli.signing", "signing_key"),
    "paper": ("api.cli.papers", "paper"),
    "verify": ("api.cli.verify", "verify"),
    "audit": ("api.cli.audit", "audit"),
    "envelope": ("api.cli.envelopes", "envelope"),
    "mark": ("api.cli.marks", "mark"),
    "name": ("api.cli.names", "name"),
    "check": ("api.cli.checks", "check"),
    "import": ("api.cli.imports", "import_"),
    "bench": ("api.cli.bench", "bench"),
}


class Program(click.Group):
    """Loads a command when it is used, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which an installation meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return one command, or None where there is none of that name."""
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        command: Any = getattr(importlib.import_module(module), attribute)
        return command if isinstance(command, click.Command) else None


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="salsa-ext")
def main() -> None:
    """Records and tracing of firearms between states.

    \b
    Look around:        salsa demo
    Begin for a state:  salsa init --state PRY, then salsa serve
    Something is wrong: salsa doctor
    """
