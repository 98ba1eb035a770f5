"""Slow files of one account, or of many: they take a few threads of a process, not all.

Before: 70 pictures that take long to clean waited in all 64 threads, and nothing else was answered.
"""

import pytest

from salsa_ext.administration import file_cleaning
from salsa_ext.administration.file_cleaning import (
    _CLEANING,
    MAX_FILES,
    MAX_FILES_PER_ACCOUNT,
    _run_cleaner,
    clean_file,
)
from salsa_ext.core.errors import Unavailable
from tests.support import bodies, files


@pytest.fixture
def waiting(monkeypatch):
    """Accounts of the files that wait."""
    accounts = []
    monkeypatch.setattr(file_cleaning, "_ACCOUNTS", accounts)
    return accounts


@pytest.fixture
def subject(police):
    return f"seizure:{police.post('/seizures', bodies.seizure()).json['id']}"


def test_a_few_files_wait_and_others_get_503(police, subject, waiting):
    waiting += map(str, range(MAX_FILES))
    assert files.attach(police, subject, files.pdf(), 503).headers["Retry-After"] == "2"
    waiting.pop()
    files.attach(police, subject, files.pdf())
    assert len(waiting) == MAX_FILES - 1


def test_two_files_of_an_account_wait(waiting):
    waiting += ["ana"] * MAX_FILES_PER_ACCOUNT
    with pytest.raises(Unavailable):
        clean_file(files.pdf(), "ana")
    assert clean_file(files.pdf(), "eva").data


def test_a_file_waits_for_a_limited_time(waiting, monkeypatch):
    monkeypatch.setattr(file_cleaning, "WAITING_SECONDS", 0)
    with _CLEANING, pytest.raises(Unavailable):
        clean_file(files.pdf())
    assert not waiting


def test_a_file_with_a_wrong_document_is_not_cleaned(police, subject, monkeypatch):
    cleaned = []
    monkeypatch.setattr(file_cleaning, "_run_cleaner", cleaned.append)
    errors = files.attach(police, subject, files.pdf(), 422, kind="unknown").json["errors"]
    assert list(errors) == ["kind"]
    assert not cleaned


def test_the_account_of_a_file_is_that_of_the_key(police, subject, waiting, monkeypatch):
    accounts, real = [], _run_cleaner
    monkeypatch.setattr(
        file_cleaning, "_run_cleaner", lambda file: accounts.extend(waiting) or real(file)
    )
    files.attach(police, subject, files.pdf())
    assert len(accounts) == 1
    assert accounts[0]
