"""Fictitious persons and firms of the demo region."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Final, TypeVar

from salsa_ext.demo.world import DATA, STATES, language, towns
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.parties import Party

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


GIVEN_NAMES: Final[Mapping[str, tuple[str, ...]]] = DATA["given_names"]
FAMILY_NAMES: Final[Mapping[str, tuple[str, ...]]] = DATA["family_names"]
DEALERS: Final[Mapping[str, tuple[str, ...]]] = DATA["dealers"]
MAKERS: Final[Mapping[str, str]] = DATA["makers"]
CARRIERS: Final[Mapping[str, str]] = DATA["carriers"]
BROKERS: Final[Mapping[str, str]] = DATA["brokers"]
STREETS: Final[Mapping[str, str]] = DATA["streets"]
STATE_BODIES: Final = ("police", "military", "government")


class People:
    """Generator of parties: fixed firms of each state, new persons."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._dealers = {state: [self._dealer(state, n) for n in range(1, 13)] for state in STATES}

    def person(self, state: str) -> Party:
        """Return a new person."""
        number = self._random.randrange(10_000_000)
        return Party(
            self.name(state),
            "individual",
            state,
            self._address(state),
            identification=f"{state}-{number:07d}",
        )

    def name(self, state: str) -> str:
        """Return a person's name in the state's language."""
        spoken, pick = language(state), self._random.choice
        return f"{pick(GIVEN_NAMES[spoken])} {pick(FAMILY_NAMES[spoken])}"

    def dealer(self, state: str) -> Party:
        """Return a random dealer of the state."""
        return self._random.choice(self._dealers[state])

    def maker(self, state: str) -> Party:
        """Return the state's manufacturer."""
        return Party(_firm_name(MAKERS, state), "manufacturer", state, licence=f"{state}-M-01")

    def carrier(self, state: str) -> Party:
        """Return the state's carrier."""
        return Party(_firm_name(CARRIERS, state), "carrier", state, licence=f"{state}-C-01")

    def broker(self, state: str) -> Party:
        """Return the state's broker."""
        return Party(_firm_name(BROKERS, state), "other", state, licence=f"{state}-B-01")

    def firms(self, state: str) -> tuple[Party, ...]:
        """Return all firms of the state, dealers first."""
        others = self.maker(state), self.carrier(state), self.broker(state)
        return (*self._dealers[state], *others)

    def body(self, state: str) -> Party:
        """Return a state body that buys guns: police, military or other."""
        kind = self._random.choice(STATE_BODIES)
        return Party(localized(STATE_BODY_NAMES[kind], state), kind, state)

    def _dealer(self, state: str, number: int) -> Party:
        spoken = language(state)
        family = FAMILY_NAMES[spoken][number % len(FAMILY_NAMES[spoken])]
        name = DEALERS[spoken][number % len(DEALERS[spoken])].format(family)
        return Party(
            f"{name} {number}",
            "dealer",
            state,
            self._address(state),
            licence=f"{state}-D-{number:02d}",
        )

    def _address(self, state: str) -> str:
        town = self._random.choice(towns(state)).name
        return f"{STREETS[language(state)]} {self._random.randrange(1, 900)}, {town}"


def _firm_name(patterns: Mapping[str, str], state: str) -> str:
    spoken = language(state)
    return f"{patterns[spoken].format(FAMILY_NAMES[spoken][0])} {state}"
