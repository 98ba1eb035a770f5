"""Every error that the service explains has its status."""

import ast
import importlib
import pkgutil
from itertools import chain
from pathlib import Path

import salsa_ext
from api.http.errors import STATUS_CODES
from salsa_ext.alerts import hits
from salsa_ext.core.errors import SalsaError
from salsa_ext.disclosure import consents
from salsa_ext.matches import commands as match_commands
from salsa_ext.reference.names import labels
from salsa_ext.tracing.requests.values import TRANSITIONS
from salsa_ext.tracing.traces import legs
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.permits import changes as permit_changes
from salsa_ext.trade.permits import licensees

for module in pkgutil.walk_packages(salsa_ext.__path__, "salsa_ext."):
    importlib.import_module(module.name)


def family(error):
    return {error}.union(*(family(child) for child in error.__subclasses__()))


def test_every_error_has_a_row_in_the_table_of_statuses():
    assert family(SalsaError) - STATUS_CODES.keys() == set()


def test_the_table_of_statuses_names_only_errors_of_the_service():
    assert STATUS_CODES.keys() - family(SalsaError) == set()


def test_an_error_says_in_its_docstring_what_it_means():
    assert [error for error in family(SalsaError) if not error.__doc__] == []


def refused_by_name():
    """Return the actions that the code names where it raises IllegalTransition."""
    for path in Path(salsa_ext.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "IllegalTransition":
                yield from (arg.value for arg in node.args[2:3] if isinstance(arg, ast.Constant))


def test_every_action_that_a_status_can_forbid_has_a_name_in_words(session):
    verbs = (
        (verb for verb, _ in permit_changes.DECISIONS.values()),
        licensees.DECISIONS,
        (stance[0] for stance in discrepancy_commands.STANCES.values()),
        (verb for verb, *_ in consents.DECISIONS.values()),
        (verb for verb, _ in hits.ANSWERS.values()),
        (verb for verb, _ in match_commands.DECISIONS.values()),
    )
    asked = {
        *refused_by_name(),
        *chain(*verbs),
        *chain(*TRANSITIONS.values()),
        *chain(*legs.ACTIONS_BY_STATUS.values()),
    }
    assert asked - labels("action", "es").keys() == set()
