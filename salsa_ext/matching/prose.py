"""Words where a mark should stand: they say how the mark is, in four languages, and are none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final


def _forms(stems: str, endings: str) -> Iterator[str]:
    return (stem + ending for stem in stems.split() for ending in ("", *endings.split()))


def _phrases(*lists: str) -> Iterator[str]:
    return (phrase.strip() for phrases in lists for phrase in phrases.split(","))


# Words of one meaning, folded: no case, no accents, one blank between them. None holds a digit,
# so that no serial with a digit is ever taken for one of these.
_OBLITERATED: Final = (
    *_phrases(
        "obliterated, oblit, defaced, erased, removed, eradicated, scratched, scratched off",
        "scratched out, filed, filed off, filed down, ground, ground off, ground down, grinded off",
        "crossed out, struck out, perforated",
        "sanded, sanded off, drilled, drilled out, punched, punched out, destroyed, defaced off, rubbed off",
    ),
    *_forms("raspad limad borrad erradicad obliterad devastad suprimid eliminad esmerilad lijad"
            " desbastad removid destruid picad tachad perforad", "o a os as"),
    *_forms("apagad lixad esmerilhad pinad picotad desgastad", "o a os as"),
    *_forms("efface lime meule gratte oblitere supprime enleve detruite rature", "e s es"),
)  # fmt: skip
_ALTERED: Final = (
    *_phrases("altered, tampered, tampered with, restamped, overstamped, modified, falsified"),
    *_forms("alterad adulterad modificad regrabad regravad remarcad falsificad", "o a os as"),
    *_forms("altere modifie falsifie refrappe", "e s es"),
)
_UNMARKED: Final = _phrases(
    "none, unmarked, unserialized, unserialised, not marked, not serialized, no tiene, no posee",
    "s/n, s n, s/s, s/num, s/serie, no lleva, no porta, no presenta, carece, ninguno, ninguna",
    "sin grabar, sin marcar, neant",
    "aucun, aucune, non marque, non marquee, nenhum, nenhuma, nao tem, nao possui, nao ha",
    "nao apresenta, sem gravacao, inexistente, inexistentes, inexistant, inexistante, nonexistent",
    "non existent, no existe, nao existe, n'existe pas",
)
# Of a gun that no maker numbered; what the words say of its origin is `is_craft`.
_CRAFT: Final = frozenset(_phrases(
    "artesanal, artesanais, artesanales, artisanal, artisanale, caseira, caseiro, casera, casero",
    "hechiza, hechizo, hechizas, hechizos, homemade, home made, craft, craft made, craft produced",
    "privately made, ghost gun, maison, fait maison, rudimentaria, rudimentario",
))  # fmt: skip
_MADE: Final = frozenset(_phrases(
    "arma, armas, arme, armes, weapon, gun, firearm, de, fuego, fogo, fabricacion, fabricacao",
    "fabrication, fabricado, fabricada, manufacture, produccion, producao, tipo, en, em, forma",
))  # fmt: skip
_UNKNOWN: Final = _phrases(
    "oxidado, oxidada, corroido, corroida, rusted, corroded, enferrujado, enferrujada, rouille",
    "unknown, unk, n/a, n a, n/k, s/d, n/d, n/c, n/i, s/i, null, nil, tbd, pending",
    "illegible, unreadable, not legible, not readable, not visible, no visible, non visible",
    "not available, not applicable, not listed, none listed, not recorded, not given, not known",
    "not stated, not provided, not found, not seen, see photo, no data, no information",
    "desconocido, desconocida, se desconoce, se ignora, ilegible, ilegibles, no legible",
    "no se ve, no se lee, no se observa, no se aprecia, no se distingue, no visibles, no consta",
    "no aplica, no disponible, no registra, no registrado, no registrada, no especificado",
    "no identificado, no determinado, no informa, por determinar, pendiente, sin dato, sin datos",
    "sin informacion, sin determinar, sin identificar, no visualiza, no se visualiza",
    "inconnu, inconnue, illisible, illisibles, non lisible, pas lisible, pas visible, indetermine",
    "non disponible, non applicable, non communique, non renseigne, non precise, non identifie",
    "desconhecido, desconhecida, ilegivel, ilegiveis, nao legivel, nao visivel, nao visiveis",
    "nao consta, nao informado, nao identificado, nao disponivel, nao aplicavel, nao registrado",
    "ignorado, ignorada, prejudicado, prejudicada, sem informacao, sem dado, sem dados, a apurar",
)
_LACKING: Final = frozenset(_phrases(
    "no, without, sin, sans, pas, sem, aucun, nenhum, nenhuma, ningun, ninguna, falta",
))  # fmt: skip
_MARK: Final = frozenset(_phrases(
    "serial, serials, serialnumber, number, marking, markings, mark, marks, serie, numero, num",
    "nro, nr, n, numeracion, marca, marcas, marcaje, matricula, numeracao, marcacao, matricule",
    "marquage, marquages, identificacion, identificacao, identification",
))  # fmt: skip
_SEEN: Final = frozenset(_phrases("visible, visibles, visivel, visiveis"))
_NUMBER: Final = frozenset(_phrases("n, no, nr, nro, num"))
_NAMED: Final = (_MARK | _SEEN) - {"n", "nr"}  # these alone can be marks
_BESIDE: Final = frozenset(_phrases(
    "de, del, da, do, el, la, le, los, las, les, os, the, of, is, are, was, esta, est",
    "semi, medio, casi, muy, very, badly, heavily, mostly, almost, muito, quase, presque",
    "partially, partly, completely, totally, fully, parcialmente, totalmente, completamente",
    "partiellement, totalement, completement",
))  # fmt: skip


def _by_phrase(**phrases: Iterable[str]) -> dict[str, str]:
    return {phrase: marking for marking, said in phrases.items() for phrase in said}


_SAID: Final = _by_phrase(
    obliterated=_OBLITERATED, altered=_ALTERED, unmarked=_UNMARKED, unknown=_UNKNOWN
)


_MOST: Final = ("obliterated", "altered", "unmarked", "unknown")
# A slash behind a lone S or N is part of a short form (S/N, N/A, s/número).
_AND: Final = re.compile(
    r"\s+(?:y/o|e/ou|et/ou|and/or)\s+|\s+(?:y|e|et|and|o|u|ou|or|ni|nor|nem)\s+|[,;+&]|(?<!\b[sn])/"
)
# Why or how, behind words that say all already.
_BECAUSE: Final = re.compile(
    r"\s(?:por|by|due to|because of|par|a cause de|debido a|devido a|con|com|with|avec"
    r"|a simple vista|a olho nu|a l.oeil nu|to the naked eye)\b.*"
)
_ONE_GLYPH: Final = re.compile(r"([^\W_])\1{2,}")


@lru_cache(maxsize=1_000)  # a serial is asked about more than once while it is recorded
def marking_of(text: str) -> str | None:
    """Return what words say of a mark (`obliterated`, `altered`, `unmarked`, `unknown`).

    None where the text is a mark. The list is closed: whatever it does not hold is a mark. Of
    several words the one that says most counts. A row of one glyph stands where none was read.
    """
    plain = _plain(text)
    if _ONE_GLYPH.fullmatch(re.sub(r"[\s\-._/]", "", plain)):
        return "unknown"
    if any(glyph.isdigit() for glyph in plain):
        return None
    return _phrase(_words(plain)) or _phrases_of(_BECAUSE.sub("", plain, count=1))


def _phrases_of(plain: str) -> str | None:
    """Return what phrases say that stand side by side, where each is of the list."""
    said = [_phrase(words) for part in _AND.split(plain) if (words := _words(part))]
    if not said or None in said:
        return None
    return min(filter(None, said), key=_MOST.index)


def _phrase(said: str) -> str | None:
    """Return what one phrase says, with the name of the mark and small words around it."""
    if said in _SAID:
        return _SAID[said]
    if _names_craft(said):
        return "unmarked"
    words = re.sub("^s/", "sin ", said).split()
    bare = [word for word in words if word not in _MARK and word not in _BESIDE]
    rest = " ".join(word for word in bare if word not in _SEEN)
    if rest in _SAID:
        return _SAID[rest]
    if _lacks(words) or (rest in _LACKING and _NAMED.intersection(words)):
        return "unmarked"
    if not rest:
        return "unknown" if _NAMED.intersection(words) else None
    if " ".join(words).startswith("serial no "):  # the English “No.”, which is no Spanish one
        rest = rest.removeprefix("no ")
    return _SAID.get(" ".join(bare)) or _SAID.get(rest)


def is_craft(text: str) -> bool:
    """Tell words that say that no maker made the gun, such as “fabricación casera”, from a mark."""
    return _names_craft(_words(_plain(text)))


def _names_craft(said: str) -> bool:
    left = " ".join(word for word in said.split() if word not in _MADE)
    return left in _CRAFT


def _lacks(words: Sequence[str]) -> bool:
    """Tell a word that denies before the name of the mark, as in “sin Nº”."""
    first, *rest = words or ("",)
    named = first in _LACKING and first not in rest and set(rest) <= _MARK | _NUMBER | _BESIDE
    return named and not _MARK.union(_NUMBER).isdisjoint(rest)


def _plain(text: str) -> str:
    """Return the text without case and accents."""
    if text.isascii():  # as nearly all serials are
        return text.casefold()
    plain = unicodedata.normalize("NFKD", re.sub("[º°ª]", "", text).casefold())
    return "".join(glyph for glyph in plain if not unicodedata.combining(glyph))


def _words(plain: str) -> str:
    """Return the words without signs; `/` stays, since NA can be a serial."""
    words = re.sub(r"[^\w/]+|_+", " ", plain)
    return re.sub(r"\s*/\s*", "/", words).strip()
