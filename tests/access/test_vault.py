"""The master key: made once, kept private, and named in words where it is wrong."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from salsa_ext.access.vault import Vault
from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured

DIGITS = "00" * 32


@pytest.fixture
def named(tmp_path):
    path = tmp_path / "key"
    path.write_text(DIGITS)
    path.chmod(0o600)
    return path


def test_what_is_sealed_opens_again_under_its_name_alone(tmp_path):
    vault = Vault(tmp_path / "master.key")
    sealed = vault.seal(b"secret", "PRY-1")
    assert vault.open(sealed, "PRY-1") == b"secret"
    assert b"secret" not in sealed
    with pytest.raises(NotConfigured, match="another master key"):
        vault.open(sealed, "BRA-1")


def test_the_key_is_made_when_first_needed_for_its_owner_alone(tmp_path):
    Vault.from_config(Config(home=tmp_path / "home")).seal(b"secret", "a")
    made = tmp_path / "home" / "master.key"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [path.name for path in made.parent.iterdir()] == ["master.key"]


def test_all_who_need_it_at_once_get_the_same_key(tmp_path):
    vault = Vault(tmp_path / "master.key")
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda _: vault.seal(b"secret", "a"), range(16)))
    assert {vault.open(each, "a") for each in sealed} == {b"secret"}


def test_a_file_that_is_named_is_not_made(tmp_path):
    vault = Vault.from_config(Config(home=tmp_path, master_key_file=tmp_path / "none"))
    with pytest.raises(NotConfigured, match="cannot be read: No such file"):
        vault.seal(b"secret", "a")
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_named_is_accepted(named, tmp_path):
    vault = Vault.from_config(Config(home=tmp_path, master_key_file=named))
    assert vault.open(vault.seal(b"secret", "a"), "a") == b"secret"
    assert not (tmp_path / "master.key").exists()


def test_a_file_that_others_can_read_is_refused(named):
    named.chmod(0o640)
    with pytest.raises(NotConfigured, match="chmod 600"):
        Vault(named).seal(b"secret", "a")


@pytest.mark.parametrize("text", ["", "00", "xyz", DIGITS + "00"])
def test_a_file_that_holds_no_key_is_refused(named, text):
    named.write_text(text)
    with pytest.raises(NotConfigured, match="64 hexadecimal digits"):
        Vault(named).seal(b"secret", "a")


def test_another_key_in_its_place_is_noticed(named):
    sealed = Vault(named).seal(b"secret", "PRY-1")
    named.write_text("11" * 32)
    with pytest.raises(NotConfigured, match="PRY-1 was sealed with another master key"):
        Vault(named).open(sealed, "PRY-1")


def test_a_personal_text_opens_for_its_column_alone(named):
    vault = Vault(named)
    sealed = vault.seal_text("Calle Ejemplo 7", "party.address")
    assert vault.open_text(sealed, "party.address") == "Calle Ejemplo 7"
    assert sealed != vault.seal_text("Calle Ejemplo 7", "party.address")
    with pytest.raises(NotConfigured, match="a key that is not in"):
        vault.open_text(sealed, "party.identification")


def test_after_a_rotation_the_key_before_still_opens_and_the_one_before_that_does_not(named):
    vault = Vault(named)
    sealed, secret = [vault.seal_text("7", "a")], vault.seal(b"secret", "b")
    for _ in range(3):
        vault.add_text_key()
        assert vault.open_text(sealed[-1], "a") == "7"
        sealed.append(vault.seal_text("7", "a"))
    assert vault.open(secret, "b") == b"secret"
    assert stat.S_IMODE(named.stat().st_mode) == 0o600
    with pytest.raises(NotConfigured, match="a key that is not in"):
        vault.open_text(sealed[0], "a")
