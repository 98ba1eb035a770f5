"""The key that a name is found by."""

import pytest

from salsa_ext.matching.names import key


@pytest.mark.parametrize("written", [
    "ARMAS DEL SUR SA", "Armas  del Sur, S.A.", "armas-del-sur s a", "Armás del Sur SA",
])  # fmt: skip
def test_one_name_has_one_key_however_it_is_written(written):
    assert key(written) == key("Armas del Sur S.A.")


@pytest.mark.parametrize("other", ["Armas del Sur", "Armas del Norte S.A.", "Армас", "兵器", "!"])
def test_another_name_has_another_key(other):
    assert key(other) != key("Armas del Sur S.A.")


def test_names_without_a_latin_letter_are_told_apart():
    assert len({key("Оружие"), key("Оружие Юг"), key("兵器"), key("-"), key("--")}) == 5
    assert key("ОРУЖИЕ ") == key("оружие")


def test_a_key_does_not_show_the_name():
    assert len(key("Armas del Sur")) == 16 and b"armas" not in key("armas").lower()
