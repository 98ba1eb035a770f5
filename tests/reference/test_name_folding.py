"""The key that a name is found by."""

import pytest

from salsa_ext.reference.name_matching import name_key


@pytest.mark.parametrize(
    "written", ["ARMAS DEL SUR SA", "Armas  del Sur, S.A.", "armas-del-sur s a", "Armás del Sur SA"]
)
def test_one_name_has_one_key_however_it_is_written(written):
    assert name_key(written) == name_key("Armas del Sur S.A.")


@pytest.mark.parametrize("other", ["Armas del Sur", "Armas del Norte S.A.", "Армас", "兵器", "!"])
def test_another_name_has_another_key(other):
    assert name_key(other) != name_key("Armas del Sur S.A.")


def test_names_without_a_latin_letter_are_distinguished():
    assert (
        len(
            {
                name_key("Оружие"),
                name_key("Оружие Юг"),
                name_key("兵器"),
                name_key("-"),
                name_key("--"),
            }
        )
        == 5
    )
    assert name_key("ОРУЖИЕ ") == name_key("оружие")


def test_a_key_does_not_show_the_name():
    assert len(name_key("Armas del Sur")) == 16 and b"armas" not in name_key("armas").lower()
