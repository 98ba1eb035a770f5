"""How officers write down what they found: types in their language, makes and calibres as heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Final

from api.demo.world import language
from salsa_ext.values.firearms import Firearm

TYPES: Final[Mapping[str, Mapping[str, str]]] = {
    "es": {"pistol": "pistola", "revolver": "revólver", "shotgun": "escopeta", "rifle": "rifle",
           "carbine": "carabina", "assault_rifle": "fusil de asalto",
           "submachine_gun": "subametralladora"},
    "pt": {"pistol": "pistola", "revolver": "revólver", "shotgun": "espingarda", "rifle": "rifle",
           "carbine": "carabina", "assault_rifle": "fuzil de assalto",
           "submachine_gun": "submetralhadora"},
    "fr": {"pistol": "pistolet", "revolver": "revolver", "shotgun": "fusil de chasse"},
}  # fmt: skip
HELD: Final[Mapping[str, str]] = {
    "en": "The serials are compared with the manifest",
    "es": "Se comparan las series con el manifiesto",
    "fr": "Les numéros de série sont comparés au manifeste",
    "pt": "Comparam-se os números de série com o manifesto",
}
MAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "Taurus": ("Forjas Taurus", "TAURUS"), "Smith & Wesson": ("S&W", "Smith and Wesson"),
    "Glock": ("GLOCK",), "Cugir (ROMARM)": ("Romarm", "Cugir"), "Rossi": ("Amadeo Rossi",),
    "CZ": ("CZUB",), "Beretta": ("Pietro Beretta",), "SIG Sauer": ("Sig Sauer Inc",),
}  # fmt: skip
CALIBRES: Final[Mapping[str, tuple[str, ...]]] = {
    "9x19": ("9 mm", "9 mm Luger", "9x19 Parabellum"), ".38 Special": (".38 Spl", "38 SPL"),
    ".40 S&W": (".40", "cal 40"), ".380 ACP": (".380", "9 mm corto"), ".45 ACP": (".45",),
    ".22 LR": (".22", "cal 22"), "12 gauge": ("12", "cal 12"), "5.56x45": ("5.56", ".223"),
}  # fmt: skip
AS_HEARD: Final = 0.35


def spoken(random: Random, state: str, item: Firearm) -> Firearm:
    """Return the item in the words of an officer of `state`."""
    kind = str(item.type)
    return replace(
        item,
        type=TYPES.get(language(state), {}).get(kind, kind),
        make=_heard(random, MAKES, item.make),
        calibre=_heard(random, CALIBRES, item.calibre),
    )


def _heard(random: Random, words: Mapping[str, tuple[str, ...]], text: str | None) -> str | None:
    heard = words.get(text or "")
    return random.choice(heard) if heard and random.random() < AS_HEARD else text
