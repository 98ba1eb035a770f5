"""What is seized where: the published proportions, as far as there are any.

The share of guns sold first in the United States follows the tracing figures published for Mexico,
Central America and the Caribbean; the share with a registered owner and the weight of revolvers in
Brazil those of studies there. The rest is illustrative and no official figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Weights = Mapping[str, float]

REGIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "brazil": ("BRA",),
    "mexico": ("MEX",),
    "central": ("GTM", "HND", "SLV", "CRI", "PAN", "NIC", "BLZ"),
    "caribbean": ("DOM", "HTI", "JAM", "TTO", "BHS", "BRB", "ATG", "DMA", "GRD", "KNA", "LCA",
                  "VCT", "GUY", "SUR"),
    "andes": ("COL", "ECU", "PER", "BOL", "VEN"),
    "south": ("ARG", "CHL", "PRY", "URY"),
    "north": ("USA", "CAN"),
}  # fmt: skip
SEIZURES: Final[Weights] = {
    "BRA": 920, "MEX": 860, "ARG": 300, "COL": 330, "GTM": 210, "HND": 170, "USA": 150, "ECU": 190,
    "CHL": 150, "PER": 150, "PRY": 140, "URY": 80, "SLV": 130, "DOM": 90, "JAM": 100, "TTO": 70,
    "BOL": 60, "CRI": 60, "PAN": 60, "BHS": 45, "HTI": 40, "VEN": 50, "CAN": 60, "NIC": 20,
    "BLZ": 20, "GUY": 15, "SUR": 10, "BRB": 15, "LCA": 10, "VCT": 6, "GRD": 5, "ATG": 5, "KNA": 5,
    "DMA": 4,
}  # fmt: skip
TYPES: Final[Mapping[str, Weights]] = {
    "brazil": {"revolver": 50, "pistol": 29, "shotgun": 10, "rifle": 9, "submachine_gun": 2},
    "mexico": {"pistol": 49, "revolver": 14, "rifle": 25, "shotgun": 9, "submachine_gun": 1,
               "other": 2},
    "central": {"pistol": 58, "revolver": 14, "rifle": 14, "shotgun": 11, "other": 3},
    "caribbean": {"pistol": 72, "revolver": 13, "rifle": 8, "shotgun": 5, "other": 2},
    "andes": {"pistol": 40, "revolver": 36, "rifle": 9, "shotgun": 10, "other": 5},
    "south": {"pistol": 36, "revolver": 38, "rifle": 13, "shotgun": 12, "submachine_gun": 1},
    "north": {"pistol": 62, "revolver": 12, "rifle": 16, "shotgun": 10},
}  # fmt: skip
# Where seized guns were last at home: the own state, another, or none that any record knows
# (`unknown`, with the market that it came from behind the colon).
SOURCES: Final[Mapping[str, Weights]] = {
    "brazil": {"own": 41, "PRY": 14, "USA": 13, "ARG": 4, "URY": 3, "BOL": 2, "unknown:BRA": 14,
               "unknown:foreign": 9},
    "mexico": {"USA": 52, "own": 16, "GTM": 3, "unknown:USA": 16, "unknown:foreign": 13},
    "central": {"USA": 26, "own": 31, "MEX": 5, "SLV": 4, "HND": 4, "unknown:USA": 15,
                "unknown:foreign": 15},
    "caribbean": {"USA": 48, "own": 10, "unknown:USA": 25, "unknown:foreign": 17},
    "andes": {"own": 40, "USA": 10, "ECU": 5, "PER": 5, "BRA": 6, "unknown:BRA": 12,
              "unknown:USA": 9, "unknown:foreign": 13},
    "south": {"own": 45, "BRA": 12, "PRY": 9, "USA": 7, "unknown:BRA": 11, "unknown:foreign": 16},
    "north": {"own": 72, "CAN": 2, "unknown:USA": 14, "unknown:foreign": 12},
}  # fmt: skip
CRIMES: Final[Mapping[str, Weights]] = {
    "brazil": {"drug_trafficking": 44, "robbery": 14, "homicide": 7, "arms_trafficking": 9,
               "gang": 8, "none": 10, "unknown": 8},
    "mexico": {"drug_trafficking": 40, "arms_trafficking": 22, "homicide": 10, "kidnapping": 4,
               "gang": 6, "migrant_smuggling": 2, "unknown": 16},
    "central": {"gang": 34, "extortion": 15, "homicide": 14, "drug_trafficking": 18, "unknown": 19},
    "caribbean": {"gang": 26, "homicide": 20, "drug_trafficking": 18, "arms_trafficking": 14,
                  "robbery": 8, "unknown": 14},
    "andes": {"drug_trafficking": 32, "extortion": 12, "homicide": 10, "robbery": 18, "gang": 8,
              "trafficking_in_persons": 1, "unknown": 19},
    "south": {"robbery": 27, "drug_trafficking": 24, "homicide": 7, "other_violent": 9,
              "arms_trafficking": 8, "none": 14, "unknown": 11},
    "north": {"other_violent": 22, "drug_trafficking": 22, "arms_trafficking": 14, "homicide": 8,
              "robbery": 12, "none": 10, "unknown": 12},
}  # fmt: skip
SETTINGS: Final[Weights] = {"street": 34, "home": 25, "vehicle": 22, "parcel": 3, "prison": 2,
                            "port": 3, "airport": 2, "vessel": 2, "other": 7}  # fmt: skip
KINDS: Final[Weights] = {"seized": 90, "found": 6, "surrendered": 4}
GROUNDS: Final[Weights] = {"possession": 74, "trafficking": 18, "manufacture": 2,
                           "removal_of_marks": 3, "other": 3}  # fmt: skip
LINKED: Final[Weights] = {"established": 8, "suspected": 26, "no": 18, "unknown": 48}
RELATIONS: Final[Weights] = {"instrument": 66, "object_of_trafficking": 28, "proceeds": 6}
BASES: Final[Weights] = {"investigation": 52, "intelligence": 26, "court": 12, "ballistics": 10}
VISIBILITY: Final[Weights] = {"": 97, "pointer": 2, "silent": 1}
ITEMS: Final[Weights] = {"1": 88, "2": 7, "3": 3, "5": 2}


def region_of(state: str) -> str:
    """Return the region whose proportions hold for a state."""
    return next(region for region, states in REGIONS.items() if state in states)
