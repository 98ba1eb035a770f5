"""Phrases of officers in their language: reasons, circumstances, spellings of makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Final, TypeVar

from salsa_ext.demo.world import language
from salsa_ext.firearms.marks.values import Firearm

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
