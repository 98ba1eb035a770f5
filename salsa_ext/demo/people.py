"""Fictitious persons and firms; words of officers in their language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Final, TypeVar

from salsa_ext.demo.world import STATES, language, towns
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.parties import Party

Text = TypeVar("Text", str, tuple[str, ...])
TYPE_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "es": {
        "pistol": "pistola",
        "revolver": "revólver",
        "shotgun": "escopeta",
        "rifle": "rifle",
        "carbine": "carabina",
        "assault_rifle": "fusil de asalto",
        "submachine_gun": "subametralladora",
    },
    "pt": {
        "pistol": "pistola",
        "revolver": "revólver",
        "shotgun": "espingarda",
        "rifle": "rifle",
        "carbine": "carabina",
        "assault_rifle": "fuzil de assalto",
        "submachine_gun": "submetralhadora",
    },
    "fr": {"pistol": "pistolet", "revolver": "revolver", "shotgun": "fusil de chasse"},
}
HOLD_REASONS: Final[Mapping[str, str]] = {
    "en": "The serials are compared with the manifest",
    "es": "Se comparan las series con el manifiesto",
    "fr": "Les numéros de série sont comparés au manifeste",
    "pt": "Comparam-se os números de série com o manifesto",
}
URGENCY_REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("A hearing is due.", "The holder is in custody.", "More guns of it are feared."),
    "es": (
        "Hay una audiencia fijada.",
        "El tenedor está detenido.",
        "Se teme que haya más armas así.",
    ),
    "fr": (
        "Une audience est fixée.",
        "Le détenteur est en garde à vue.",
        "On craint d’autres armes du même lot.",
    ),
    "pt": (
        "Há uma audiência marcada.",
        "O detentor está preso.",
        "Teme-se que haja mais armas assim.",
    ),
}
CIRCUMSTANCES: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "Found in a vehicle at a road block.",
        "Found in a search of a dwelling.",
        "Carried by a person who was stopped.",
        "Found beside drugs.",
        "Handed in after a shooting.",
    ),
    "es": (
        "Hallada en un vehículo en un control de carretera.",
        "Hallada en el allanamiento de una vivienda.",
        "La portaba una persona a la que se detuvo.",
        "Hallada junto a drogas.",
        "Entregada después de un tiroteo.",
    ),
    "fr": (
        "Trouvée dans un véhicule lors d’un contrôle routier.",
        "Trouvée lors d’une perquisition.",
        "Portée par une personne contrôlée.",
        "Trouvée avec des stupéfiants.",
        "Remise après une fusillade.",
    ),
    "pt": (
        "Encontrada em um veículo em uma barreira policial.",
        "Encontrada em busca domiciliar.",
        "Portada por uma pessoa abordada.",
        "Encontrada com drogas.",
        "Entregue depois de um tiroteio.",
    ),
}
LEGAL_BASES: Final[Mapping[str, str]] = {
    "en": "Demonstration act, article 7 (fictitious)",
    "es": "Ley de demostración, artículo 7 (ficticia)",
    "fr": "Loi de démonstration, article 7 (fictive)",
    "pt": "Lei de demonstração, artigo 7 (fictícia)",
}
INCIDENT_TEXTS: Final[Mapping[str, str]] = {
    "en": "Vehicle stopped at the post",
    "es": "Vehículo detenido en el puesto",
    "fr": "Véhicule arrêté au poste",
    "pt": "Veículo parado no posto",
}
ANSWER_NOTES: Final[Mapping[str, str]] = {
    "en": "Compared with the file",
    "es": "Comparada con el expediente",
    "fr": "Comparée au dossier",
    "pt": "Comparada com os autos",
}
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
STATE_BODY_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "police": {
        "en": "Police procurement (fictitious)",
        "es": "Compras de la policía (ficticio)",
        "fr": "Achats de la police (fictif)",
        "pt": "Compras da polícia (fictício)",
    },
    "military": {
        "en": "Military procurement (fictitious)",
        "es": "Compras de las fuerzas armadas (ficticio)",
        "fr": "Achats des forces armées (fictif)",
        "pt": "Compras das forças armadas (fictício)",
    },
    "government": {
        "en": "Government procurement (fictitious)",
        "es": "Compras del Estado (ficticio)",
        "fr": "Achats de l’État (fictif)",
        "pt": "Compras do Estado (fictício)",
    },
}
MAKE_VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Taurus": ("Forjas Taurus", "TAURUS"),
    "Smith & Wesson": ("S&W", "Smith and Wesson"),
    "Glock": ("GLOCK",),
    "Cugir (ROMARM)": ("Romarm", "Cugir"),
    "Rossi": ("Amadeo Rossi",),
    "CZ": ("CZUB",),
    "Beretta": ("Pietro Beretta",),
    "SIG Sauer": ("Sig Sauer Inc",),
}
CALIBRE_VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "9x19": ("9 mm", "9 mm Luger", "9x19 Parabellum"),
    ".38 Special": (".38 Spl", "38 SPL"),
    ".40 S&W": (".40", "cal 40"),
    ".380 ACP": (".380", "9 mm corto"),
    ".45 ACP": (".45",),
    ".22 LR": (".22", "cal 22"),
    "12 gauge": ("12", "cal 12"),
    "5.56x45": ("5.56", ".223"),
}
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


def _firm_name(patterns: dict[str, str], state: str) -> str:
    spoken = language(state)
    return f"{patterns[spoken].format(FAMILY_NAMES[spoken][0])} {state}"
