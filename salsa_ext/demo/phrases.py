"""Phrases of officers in their language: reasons, circumstances, spellings of makes."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Final, TypeVar

from salsa_ext.demo.world import DATA, language
from salsa_ext.firearms.marks.values import Firearm

Text = TypeVar("Text", str, tuple[str, ...])
TYPE_WORDS: Final[Mapping[str, Mapping[str, str]]] = DATA["type_words"]
HOLD_REASONS: Final[Mapping[str, str]] = DATA["hold_reasons"]
URGENCY_REASONS: Final[Mapping[str, tuple[str, ...]]] = DATA["urgency_reasons"]
CIRCUMSTANCES: Final[Mapping[str, tuple[str, ...]]] = DATA["circumstances"]
LEGAL_BASES: Final[Mapping[str, str]] = DATA["legal_bases"]
INCIDENT_TEXTS: Final[Mapping[str, str]] = DATA["incident_texts"]
ANSWER_NOTES: Final[Mapping[str, str]] = DATA["answer_notes"]
END_USES: Final[Mapping[bool, Mapping[str, str]]] = {
    True: {"en": "official use", "es": "uso oficial", "fr": "usage officiel", "pt": "uso oficial"},
    False: {
        "en": "retail sale",
        "es": "venta al por menor",
        "fr": "vente au détail",
        "pt": "venda no varejo",
    },
}
"""What goods are for, by whether a state buys them."""
STATE_BODY_NAMES: Final[Mapping[str, Mapping[str, str]]] = DATA["state_body_names"]
MAKE_VARIANTS: Final[Mapping[str, tuple[str, ...]]] = DATA["make_variants"]
CALIBRE_VARIANTS: Final[Mapping[str, tuple[str, ...]]] = DATA["calibre_variants"]
VARIANT_SHARE: Final = 0.35


def localized(words: Mapping[str, Text], state: str) -> Text:
    """Return the text in the state's language, else in English."""
    return words.get(language(state), words["en"])


def in_local_words(random: Random, state: str, item: Firearm) -> Firearm:
    """Return an item with type, make and calibre in an officer's words."""
    kind = str(item.type)
    return replace(
        item,
        type=TYPE_WORDS.get(language(state), {}).get(kind, kind),
        make=_vary(random, MAKE_VARIANTS, item.make),
        calibre=_vary(random, CALIBRE_VARIANTS, item.calibre),
    )


def _vary(random: Random, words: Mapping[str, tuple[str, ...]], text: str | None) -> str | None:
    heard = words.get(text or "")
    return random.choice(heard) if heard and random.random() < VARIANT_SHARE else text
