"""Fictitious persons and firms of the demo region."""

from __future__ import annotations

from random import Random
from typing import Final

from salsa_ext.demo import phrases
from salsa_ext.demo.phrases import STATE_BODY_NAMES
from salsa_ext.demo.world import STATES, language, towns
from salsa_ext.firearms.records.parties import Party

GIVEN_NAMES: Final = {
    "es": (
        "Ana",
        "Bruno",
        "Carla",
        "Darío",
        "Elena",
        "Felipe",
        "Gloria",
        "Hugo",
        "Inés",
        "Julio",
        "Lucía",
        "Mateo",
        "Nora",
        "Óscar",
        "Pilar",
        "Raúl",
        "Sofía",
        "Tomás",
    ),
    "pt": (
        "Alice",
        "Bento",
        "Clara",
        "Davi",
        "Elisa",
        "Fábio",
        "Graça",
        "Heitor",
        "Íris",
        "João",
        "Lara",
        "Miguel",
        "Nádia",
        "Otávio",
        "Rita",
        "Rui",
        "Teresa",
        "Vítor",
    ),
    "en": (
        "Alice",
        "Brian",
        "Carol",
        "Derek",
        "Esther",
        "Frank",
        "Grace",
        "Henry",
        "Irene",
        "Jack",
        "Laura",
        "Marcus",
        "Nadine",
        "Owen",
        "Paula",
        "Roy",
        "Tanya",
        "Victor",
    ),
    "fr": (
        "Aline",
        "Benoît",
        "Chantal",
        "Denis",
        "Estelle",
        "Fabrice",
        "Ginette",
        "Hervé",
        "Irène",
        "Joël",
        "Lise",
        "Marc",
        "Nadège",
        "Olivier",
        "Rose",
        "Serge",
    ),
    "nl": ("Anke", "Bram", "Carla", "Dirk", "Els", "Frits", "Greet", "Henk", "Iris", "Joris"),
}
FAMILY_NAMES: Final = {
    "es": (
        "Ejemplo",
        "Muestra",
        "Ficticio",
        "Inventado",
        "Supuesto",
        "Demostración",
        "Ensayo",
        "Figurado",
        "Prueba",
        "Imaginario",
    ),
    "pt": (
        "Exemplo",
        "Amostra",
        "Fictício",
        "Inventado",
        "Suposto",
        "Demonstração",
        "Ensaio",
        "Figurado",
        "Teste",
        "Imaginário",
    ),
    "en": (
        "Example",
        "Sample",
        "Fictive",
        "Invented",
        "Specimen",
        "Placeholder",
        "Testcase",
        "Imaginary",
        "Dummy",
        "Supposed",
    ),
    "fr": ("Exemple", "Échantillon", "Fictif", "Inventé", "Supposé", "Essai", "Imaginaire"),
    "nl": ("Voorbeeld", "Verzonnen", "Denkbeeldig", "Proef", "Monster"),
}
DEALERS: Final = {
    "es": ("Armería {}", "Casa de Caza {}", "Deportes y Armas {}", "Importadora {}"),
    "pt": ("Armas {}", "Casa de Caça {}", "Tiro e Pesca {}", "Importadora {}"),
    "en": ("{} Outfitters", "{} Sporting Arms", "{} Gun Room", "{} Imports"),
    "fr": ("Armurerie {}", "Chasse et Pêche {}", "Importation {}"),
    "nl": ("Wapenhandel {}", "Jachthuis {}"),
}
MAKERS: Final = {
    "es": "Fábrica {}",
    "pt": "Fábrica {}",
    "en": "{} Manufacturing",
    "fr": "Manufacture {}",
    "nl": "Fabriek {}",
}
CARRIERS: Final = {
    "es": "Transportes {}",
    "pt": "Transportes {}",
    "en": "{} Freight",
    "fr": "Transports {}",
    "nl": "Vervoer {}",
}
BROKERS: Final = {
    "es": "Corredora {}",
    "pt": "Corretora {}",
    "en": "{} Brokers",
    "fr": "Courtage {}",
    "nl": "Makelaardij {}",
}
STREETS: Final = {
    "es": "Calle Ejemplo",
    "pt": "Rua Exemplo",
    "en": "Example Street",
    "fr": "Rue Exemple",
    "nl": "Voorbeeldstraat",
}
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
        return Party(phrases.localized(STATE_BODY_NAMES[kind], state), kind, state)

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


def _firm_name(patterns: dict[str, str], state: str) -> str:
    spoken = language(state)
    return f"{patterns[spoken].format(FAMILY_NAMES[spoken][0])} {state}"
