"""What a name means, from the command line."""

import pytest


@pytest.mark.parametrize("kind,text,said", [
    ("make", "tauros", "tauros: taurus                   certain  name\n"),
    ("make", "Andreson Mfg", "anderson                 0.95     typo"),
    ("make", "Interarms", "interarms                1.00     importer"),
    ("make", "semmarca", "semmarca: unmarked\n"), ("make", "munição", "munição: ammunition\n"),
    ("make", "fabricação caseira", "fabricação caseira: craft\n"),
    ("make", "zzzz", "zzzz: nothing like it\n"), ("calibre", "varios", "varios: several\n"),
    ("calibre", "09 milimetros", "9x19                     certain  usual"),
    ("calibre", "7,62", "7.62x39                  0.50     usual"),
    ("type", "fuzil", "rifle                    certain  name"),
])  # fmt: skip
def test_a_text_is_read_and_it_is_said_how_sure_that_is(salsa, kind, text, said):
    shown = salsa("name", "resolve", kind, text)
    assert (shown.returncode, said in shown.stdout) == (0, True), shown.stdout


def test_several_texts_are_read_at_once_and_no_more_is_shown_than_wanted(salsa):
    shown = salsa("name", "resolve", "calibre", "--limit", "1", "7,62", "380").stdout
    assert [line.split()[1] for line in shown.splitlines()] == ["7.62x39", "380-acp"]
