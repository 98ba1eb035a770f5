"""Test settings."""

from pathlib import Path

from salsa_ext.core.config import Config

NAMES = (
    "HOME",
    "DATABASE_URL",
    "MIGRATION_URL",
    "WORKERS",
    "THREADS",
    "STATEMENT_TIMEOUT",
    "MAX_BODY",
    "SECURE_COOKIES",
    "MASTER_KEY_FILE",
)


def test_a_setting_that_is_empty_counts_as_not_set():
    assert Config.from_env({f"SALSA_{name}": "" for name in NAMES}) == Config.from_env({})
    assert Config.from_env({"SALSA_HOME": ""}).home == Path("var").absolute()
