"""Whoever applies letters knows every kind of them: the service, its commands and the background."""

import subprocess
import sys
from functools import cache

import pytest

from tests.support.source import ROOT

KINDS = (
    "from salsa_ext.exchange.processing import HANDLERS, REFUSAL_HANDLERS;"
    " print(sorted(HANDLERS), sorted(REFUSAL_HANDLERS))"
)


@cache
def known(module):
    """The kinds that a process knows which imports a module and nothing else; a process loads for seconds."""
    result = [sys.executable, "-c", f"import {module}; {KINDS}"]
    return subprocess.run(result, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("module", ["api.http.context", "api.jobs", "api.cli.context"])
def test_every_kind_of_letter_is_known_without_routes(module):
    assert "trace.request" in known(module)
    assert known(module) == known("api.app")
