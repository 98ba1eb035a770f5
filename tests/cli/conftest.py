"""The program on a database of the test's own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli import main
from salsa_ext.core.config import Config

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def settings(fresh_database: Config, tmp_path: Path) -> dict[str, str]:
    """Return the environment of the program: a database of this test's own."""
    return {
        "SALSA_HOME": str(tmp_path / "home"),
        "SALSA_DATABASE_URL": _plain(fresh_database.database_url),
        "SALSA_WORKER_URL": _plain(fresh_database.worker_url),
        "SALSA_MIGRATION_URL": _plain(fresh_database.migration_url),
    }


@pytest.fixture
def salsa(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of the program in this process: it need not load everything each time."""
    monkeypatch.chdir(ROOT)

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        result = CliRunner().invoke(main, arguments, env=settings | more, prog_name="salsa")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return subprocess.CompletedProcess(
            arguments, result.exit_code, result.stdout, result.stderr
        )

    return run


@pytest.fixture
def program(settings: dict[str, str]) -> Run:
    """Run the program as a process of its own."""

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "api.cli", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=os.environ | settings | more, capture_output=True, text=True
        )

    return run


def _plain(url: str | None) -> str:
    return (url or "").replace("postgresql+psycopg2://", "postgresql://", 1)
