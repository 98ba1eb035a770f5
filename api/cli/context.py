"""What every command needs: application, actor, common options, errors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import wraps
from io import StringIO
from typing import Any

import click
from flask import Flask

from api.http.context import core_app, current_vault, transaction
from api.server import embedded_database
from salsa_ext.access.rules import operator
from salsa_ext.administration import migrations
from salsa_ext.core import errors
from salsa_ext.core.actor import Actor
from salsa_ext.core.config import Config
from salsa_ext.core.errors import Message, NotConfigured, SalsaError, message
from salsa_ext.core.text import text_problem
from salsa_ext.reference.names import require_participant


class StateType(click.ParamType[str]):
    """Code of a state: three letters, in capitals or not."""

    name = "state"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the code in capitals; a usage error otherwise."""
        code = str(value).upper()
        if not (len(code) == 3 and code.isascii() and code.isalpha()):
            self.fail("three letters of ISO 3166-1, such as PRY", param, ctx)
        return code


class Line(click.ParamType[str]):
    """Text of one line, with the same errors as over HTTP."""

    name = "text"

    def __init__(self, most: int) -> None:
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text without blanks around it; a usage error otherwise."""
        is_needed = param is not None and param.required
        if wrong := text_problem(str(value), self.most, one_line=True, is_required=is_needed):
            self.fail(str(wrong), param, ctx)
        return str(value).strip()


STATE = StateType()
AGENCY = Line(100)
USERNAME = Line(100)
state_option = click.option(
    "--state", metavar="ISO", type=STATE, help="Left out for the secretariat."
)
own_state_option = click.option(
    "--state", required=True, metavar="ISO", type=STATE, help="Three letters, such as PRY."
)


@contextmanager
def application() -> Iterator[Flask]:
    """Open the application on the running database; its context is that of the block."""
    with embedded_database.running_database(Config.from_env()) as config:
        require_schema(config)
        app = core_app(config)
        with app.app_context():
            yield app


@contextmanager
def acting(state: str | None) -> Iterator[Actor]:
    """Give the operator of a state (of the secretariat for None) in a transaction of his.

    Raises Invalid for a non-participating state.
    """
    with application():
        actor = operator(state, vault=current_vault())
        with transaction(actor):
            require_participant(state)
            yield actor


@contextmanager
def recording(state: str | None) -> Iterator[Actor]:
    """Give the same for a command that adds real records to an installation.

    Prints its output after the commit: a closed pipe undoes nothing.
    """
    with acting(state) as actor, redirect_stdout(StringIO()) as output:
        migrations.ensure_declared(actor=actor)
        yield actor
    click.echo(output.getvalue(), nl=False)


def explained(command: Callable[..., Any]) -> Callable[..., Any]:
    """Print an error of the service and exit with 1; usage errors exit with 2."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except SalsaError as error:
            raise click.ClickException(_words(error)) from None

    return run


def _words(error: SalsaError) -> str:
    lines = [str(error.message)]
    if isinstance(error, errors.Invalid):
        lines += [f"  {path}: {text}" for path, texts in error.errors.items() for text in texts]
    return "\n".join(lines)


def require_schema(config: Config) -> None:
    """Raise NotConfigured where the database is empty or at another version than the code."""
    at, needed = migrations.schema_revisions(config.database_url or "")
    if at is None:
        raise NotConfigured(_empty(config))
    if at != needed:
        raise NotConfigured(message("The database is at another version: run salsa db upgrade."))


def _empty(config: Config) -> Message:
    if Config.from_env().database_url is not None:
        return message(
            "The database that SALSA_DATABASE_URL names is empty: begin with salsa init or salsa"
            " demo."
        )
    return message(
        "There is no installation in {folder} (SALSA_HOME names another folder): begin with salsa init"
        " or salsa demo.",
        folder=config.home,
    )
