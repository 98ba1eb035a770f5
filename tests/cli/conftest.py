"""The program on a database of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from salsa_ext.config import Config

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def salsa(fresh_database: Config, tmp_path: Path) -> Iterator[Run]:
    """Run the program on a database of this test's own."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "SALSA_HOME": str(tmp_path / "home"),
            "SALSA_DATABASE_URL": _plain(fresh_database.database_url),
            "SALSA_MIGRATION_URL": _plain(fresh_database.migration_url),
        } | settings  # fmt: skip
        command = [sys.executable, "-m", "api.cli", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    yield run


def _plain(url: str | None) -> str:
    return (url or "").replace("postgresql+psycopg2://", "postgresql://", 1)
