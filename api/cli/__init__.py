"""The one command-line program."""

import importlib
from typing import Any

import click

COMMANDS = {
    "init": ("api.cli.service", "init"),
    "demo": ("api.cli.demo", "demo"),
    "serve": ("api.cli.service", "serve"),
    "worker": ("api.cli.service", "worker"),
    "doctor": ("api.cli.service", "doctor"),
    "db": ("api.cli.db", "db"),
    "upgrade": ("api.cli.backup", "upgrade"),
    "backup": ("api.cli.backup", "backup"),
    "restore": ("api.cli.backup", "restore"),
    "agency": ("api.cli.administration", "agency"),
    "account": ("api.cli.administration", "account"),
    "key": ("api.cli.administration", "key"),
    "signing-key": ("api.cli.administration", "signing_key"),
    "envelope": ("api.cli.envelopes", "envelope"),
    "import": ("api.cli.imports", "import_"),
    "recount": ("api.cli.db", "recount"),
    "audit": ("api.cli.audit", "audit"),
    "annual-report": ("api.cli.verify", "annual_report"),
    "release": ("api.cli.verify", "release"),
    "verify": ("api.cli.verify", "verify"),
    "bench": ("api.cli.bench", "bench"),
}
"""Commands that act on this machine; all others are operations of the service."""
SHARED = ("agency", "account", "key", "signing-key", "audit", "import", "release", "annual-report")
"""Nouns of which some acts are possible on this machine, without a key."""


class Program(click.Group):
    """Loads a command when it is used; nouns of the API come from its document."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands of this machine, then the nouns of the API."""
        from api.cli.openapi_operations import group_operations

        return [*dict.fromkeys([*COMMANDS, *group_operations()])]

    def get_command(self, ctx: click.Context | None, name: str) -> click.Command | None:
        """Return one command, or None where there is none of that name."""
        local: Any = None
        if name in COMMANDS:
            module, attribute = COMMANDS[name]
            local = getattr(importlib.import_module(module), attribute)
        if local is not None and name not in SHARED:
            return local if isinstance(local, click.Command) else None
        from api.cli.commands import Generated
        from api.cli.openapi_operations import group_operations

        return Generated(name, local) if name in group_operations() else None


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="salsa-ext")
def main() -> None:
    """Records and tracing of firearms between states.

    \b
    Look around:        salsa demo
    Begin for a state:  salsa init --state PRY, then salsa serve
    Something is wrong: salsa doctor
    Ask the service:    salsa seizure list --as bra.police_officer
    """
