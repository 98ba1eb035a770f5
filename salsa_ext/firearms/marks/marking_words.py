"""Words that describe a mark, in English, Spanish, Portuguese and French.

First the words written instead of a mark, then the words around one: parts of the gun, conditions,
labels, small words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

from salsa_ext.reference.placeholders import DENIALS, find_near, read_denial


def _with_endings(stems: str, endings: str) -> Iterator[str]:
    return (stem + ending for stem in stems.split() for ending in ("", *endings.split()))


def _split_phrases(*lists: str) -> Iterator[str]:
    return (phrase.strip() for phrases in lists for phrase in phrases.split(","))


# Words of one meaning, folded: no case, no accents, one blank between them. None holds a digit,
# so that no serial with a digit is ever read as one of these.
_OBLITERATED_WORDS: Final = (
    *_split_phrases(
        "obliterated, oblit, defaced, erased, removed, eradicated, scratched, scratched off",
        "scratched out, filed, filed off, filed down, ground, ground off, ground down, grinded off",
        "crossed out, struck out, perforated",
        "sanded, sanded off, drilled, drilled out, punched, punched out, destroyed, defaced off, rubbed off",
    ),
    *_with_endings(
        "raspad limad borrad erradicad obliterad devastad suprimid eliminad esmerilad lijad"
        " desbastad removid destruid picad tachad perforad",
        "o a os as",
    ),
    *_with_endings("apagad lixad esmerilhad pinad picotad desgastad", "o a os as"),
    *_with_endings("efface lime meule gratte oblitere supprime enleve detruite rature", "e s es"),
)
_ALTERED_WORDS: Final = (
    *_split_phrases(
        "altered, tampered, tampered with, restamped, overstamped, modified, falsified"
    ),
    *_with_endings(
        "alterad adulterad modificad regrabad regravad remarcad falsificad", "o a os as"
    ),
    *_with_endings("altere modifie falsifie refrappe", "e s es"),
)
_UNMARKED_WORDS: Final = _split_phrases(
    "none, unmarked, unserialized, unserialised, not marked, not serialized, no tiene, no posee",
    "s/n, s n, s/s, s/num, s/serie, no lleva, no porta, no presenta, carece, ninguno, ninguna",
    "sin grabar, sin marcar, neant",
    "aucun, aucune, non marque, non marquee, nenhum, nenhuma, nao tem, nao possui, nao ha",
    "nao apresenta, sem gravacao, inexistente, inexistentes, inexistant, inexistante, nonexistent",
    "non existent, no existe, nao existe, n'existe pas",
)
# Of a gun that no maker numbered; what the words say of its origin is `is_craft`.
_CRAFT_WORDS: Final = frozenset(
    _split_phrases(
        "artesanal, artesanais, artesanales, artisanal, artisanale, caseira, caseiro, casera, casero",
        "hechiza, hechizo, hechizas, hechizos, homemade, home made, craft, craft made, craft produced",
        "privately made, ghost gun, maison, fait maison, rudimentaria, rudimentario",
    )
)
_GUN_WORDS: Final = frozenset(
    _split_phrases(
        "arma, armas, arme, armes, weapon, gun, firearm, de, fuego, fogo, fabricacion, fabricacao",
        "fabrication, fabricado, fabricada, manufacture, produccion, producao, tipo, en, em, forma",
    )
)
_UNKNOWN_WORDS: Final = _split_phrases(
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
_NEGATIONS: Final = frozenset(
    _split_phrases(
        "no, without, sin, sans, pas, sem, aucun, nenhum, nenhuma, ningun, ninguna, falta"
    )
)
_MARK_NOUNS: Final = frozenset(
    _split_phrases(
        "serial, serials, serialnumber, number, marking, markings, mark, marks, serie, numero, num",
        "nro, nr, n, numeracion, marca, marcas, marcaje, matricula, numeracao, marcacao, matricule",
        "marquage, marquages, identificacion, identificacao, identification",
    )
)
_VISIBLE_WORDS: Final = frozenset(_split_phrases("visible, visibles, visivel, visiveis"))
_NUMBER_NOUNS: Final = frozenset(_split_phrases("n, no, nr, nro, num"))
_SUFFICIENT_NOUNS: Final = (_MARK_NOUNS | _VISIBLE_WORDS) - {"n", "nr"}  # these alone can be marks
_FILLER_WORDS: Final = frozenset(
    _split_phrases(
        "de, del, da, do, el, la, le, los, las, les, os, the, of, is, are, was, esta, est",
        "semi, medio, casi, muy, very, badly, heavily, mostly, almost, muito, quase, presque",
        "partially, partly, completely, totally, fully, parcialmente, totalmente, completamente",
        "partiellement, totalement, completement",
    )
)


def _by_phrase(**phrases: Iterable[str]) -> dict[str, str]:
    return {phrase: marking for marking, each in phrases.items() for phrase in each}


_MARKING_BY_PHRASE: Final = _by_phrase(
    obliterated=_OBLITERATED_WORDS,
    altered=_ALTERED_WORDS,
    unmarked=_UNMARKED_WORDS,
    unknown=_UNKNOWN_WORDS,
)


_MARKINGS_BY_WEIGHT: Final = ("obliterated", "altered", "unmarked", "unknown")
# A slash behind a lone S or N is part of a short form (S/N, N/A, s/número).
_CONJUNCTION: Final = re.compile(
    r"\s+(?:y/o|e/ou|et/ou|and/or)\s+|\s+(?:y|e|et|and|o|u|ou|or|ni|nor|nem)\s+|[,;+&]|(?<!\b[sn])/"
)
# Why or how, behind words that say all already.
_CAUSE: Final = re.compile(
    r"\s(?:por|by|due to|because of|par|a cause de|debido a|devido a|con|com|with|avec"
    r"|a simple vista|a olho nu|a l.oeil nu|to the naked eye)\b.*"
)
_SEPARATORS: Final = str.maketrans("", "", " \t\n\r\f\v\u00a0-._/")
_SIGNS: Final = re.compile(r"[^\w/]+|_+")
_REPEATED_GLYPH: Final = re.compile(r"([^\W_])\1{2,}")


@lru_cache(maxsize=1_000)  # a serial is asked about more than once while it is recorded
def marking_of(text: str) -> str | None:
    """Return the marking that words describe, or None for a mark.

    One of `obliterated`, `altered`, `unmarked`, `unknown`. The list is closed: any text that is not
    in it is a mark. Of several words the strongest counts. One repeated glyph counts as `unknown`.
    """
    plain = _fold_text(text)
    if _REPEATED_GLYPH.fullmatch(plain.translate(_SEPARATORS)):
        return "unknown"
    if any(glyph.isdigit() for glyph in plain):
        return None
    if marking := _marking_of_phrase(_strip_signs(plain)):
        return marking
    phrases = filter(None, map(_strip_signs, _CONJUNCTION.split(_CAUSE.sub("", plain, count=1))))
    markings = [_marking_of_phrase(phrase) for phrase in phrases]
    if not markings or None in markings:  # every phrase has to be known
        return None
    return min(filter(None, markings), key=_MARKINGS_BY_WEIGHT.index)


def _marking_of_phrase(phrase: str) -> str | None:
    """Return the marking of one phrase, ignoring mark nouns and filler words."""
    if phrase in _MARKING_BY_PHRASE:
        return _MARKING_BY_PHRASE[phrase]
    if _names_craft(phrase):
        return "unmarked"
    words = (f"sin {phrase[2:]}" if phrase.startswith("s/") else phrase).split()
    bare = [word for word in words if word not in _MARK_NOUNS and word not in _FILLER_WORDS]
    rest = " ".join(word for word in bare if word not in _VISIBLE_WORDS)
    if rest in _MARKING_BY_PHRASE:
        return _MARKING_BY_PHRASE[rest]
    is_sufficient = not _SUFFICIENT_NOUNS.isdisjoint(words)
    if _is_negated_mark(words) or (rest in _NEGATIONS and is_sufficient):
        return "unmarked"
    if not rest:
        return "unknown" if is_sufficient else None
    if " ".join(words).startswith("serial no "):  # the English “No.”, which is no Spanish one
        rest = rest.removeprefix("no ")
    return _MARKING_BY_PHRASE.get(" ".join(bare)) or _MARKING_BY_PHRASE.get(rest)


def is_craft(text: str) -> bool:
    """Return whether words describe a craft-made gun ("fabricación casera")."""
    return _names_craft(_strip_signs(_fold_text(text)))


def _names_craft(phrase: str) -> bool:
    left = " ".join(word for word in phrase.split() if word not in _GUN_WORDS)
    return left in _CRAFT_WORDS


def _is_negated_mark(words: Sequence[str]) -> bool:
    """Return whether a negation precedes a mark noun, as in "sin Nº"."""
    first, *rest = words or ("",)
    nouns = _MARK_NOUNS | _NUMBER_NOUNS
    is_negated = first in _NEGATIONS and first not in rest
    return is_negated and {*rest} <= nouns | _FILLER_WORDS and not nouns.isdisjoint(rest)


def _fold_text(text: str) -> str:
    if text.isascii():  # as nearly all serials are
        return text.casefold()
    plain = unicodedata.normalize("NFKD", re.sub("[º°ª]", "", text).casefold())
    return "".join(glyph for glyph in plain if not unicodedata.combining(glyph))


def _strip_signs(plain: str) -> str:
    """Return the words without signs; `/` stays, since NA can be a serial."""
    words = _SIGNS.sub(" ", plain)
    return (re.sub(r"\s*/\s*", "/", words) if "/" in words else words).strip()


class Term(NamedTuple):
    """The kind of a phrase and its code.

    Kinds: `part`, `condition`, `marking`, `label`, `and`, `small`, `pointer`.
    """

    kind: str
    code: str


MAX_TERM_WORDS: Final = 7  # words of a phrase

_PART_TERMS: Final = {
    "frame": """
        frame, pistol frame, armazon, armazon inferior, marco, bastidor, chasis, armacao, chassi, chassis,
        carcasse, carcasa
    """,
    "slide": "slide, corredera, carro, corredica, glissiere",
    "barrel": "barrel, barrels, bbl, brl, canon, canones, cano, canos, cano da arma, tubo canon",
    "receiver": """
        receiver, rcvr, action, cajon, cajon de mecanismos, cajon de los mecanismos, caja de mecanismos, caixa
        de culatra, caixa da culatra, caixa de mecanismo, caixa do mecanismo, boite de culasse, boitier,
        bascule, bascula, carcaca
    """,
    "upper_receiver": "upper receiver, upper, receptor superior, cajon superior, caixa superior,"
    " boitier superieur",
    "lower_receiver": "lower receiver, lower, receptor inferior, cajon inferior, caixa inferior,"
    " boitier inferieur",
    "under_grips": """
        under grips, under the grips, under grip, under the grip, under the grip panels, bajo las cachas, bajo
        cachas, bajo la cacha, bajo la empunadura, debajo de las cachas, debajo de cachas, sob as talas, sob a
        tala, sob talas, sob as placas, sob o cabo, debaixo das talas, embaixo das talas, sous les plaquettes,
        sous la plaquette
    """,
    "bolt": """
        bolt, bolt carrier, breech bolt, breechblock, breech block, cerrojo, bloque de cierre, ferrolho,
        culasse, culasse mobile, verrou
    """,
    "cylinder": "cylinder, cyl, drum, tambor, cilindro, barillet",
    "crane": "crane, yoke, grua, basculante, porta tambor, potence",
    "magazine": "magazine, cargador, proveedor, carregador, pente, chargeur",
    "trigger_guard": "trigger guard, guardamonte, guarda monte, guardamato, guarda mato, guarda-mato, pontet",
    "stock": "stock, butt, buttstock, culata, coronha, crosse",
    "grip": """
        grip, grips, butt plate, empunadura, cacha, cachas, tala, talas, empunhadura, cabo, poignee,
        plaquettes
    """,
    "chamber": "chamber, recamara, camara, chambre",
    "forend": "forend, fore end, forearm, handguard, guardamanos, guarda-mao, fut, garde-main",
    "side_plate": "side plate, sideplate, placa lateral, tapa lateral, plaque laterale",
}
_RESTORED_TERMS: Final = """
    se revela, se revelo, revelou, revelou-se, on revele, reveals, se recupera, se recupero, restored,
    recovered, raised, revealed, restored by etching, etched up, after restoration, after etching, revelado,
    revelada, revelados, reveladas, restaurado, restaurada, restaurados, restauradas, recuperado, recuperada,
    recuperados, recuperadas, reavivado, reactivado, por revelado, por revelado quimico, revelado quimico,
    tras restauracion, tras revelado, regenerado, regenerada, restauracion quimica, apos revelacao, revelacao
    quimica, reavivada, apos restauracao, por revelacao, revele, revelee, reveles, restaure, restauree,
    restitue, restituee, reconstitue, ravive, apres restauration, apres revelation, par revelation chimique,
    revelation chimique
"""
_PROBABLE_TERMS: Final = """
    probable, probably, supposedly, supuestamente, supuesto, supostamente, suposto, supposement, possible,
    possibly, likely, maybe, perhaps, apparent, apparently, uncertain, doubtful, unsure, not sure, to be
    confirmed, tbc, presumed, probables, probablemente, posible, posiblemente, presunto, presuntamente,
    dudoso, dudosa, incierto, incierta, aparente, aparentemente, tal vez, quizas, a confirmar, por confirmar,
    sin confirmar, provavel, provaveis, provavelmente, possivel, possivelmente, duvidoso, duvidosa, incerto,
    incerta, talvez, prov, prob, probablement, possiblement, douteux, douteuse, incertain, incertaine,
    peut-etre, a verifier, presume, vraisemblable
"""
_VISIBLE_TERMS: Final = """
    visible, visibles, legible, readable, clear, intact, original, untouched, legibles, intacto, intacta,
    integro, integra, bien legible, bien visible, visivel, visiveis, legivel, legiveis, intacte, lisible,
    lisibles, nitido, nitida, a la vista
"""
_ALTERED_TERMS: Final = """
    remarked, re-marked, restamped, re-stamped, renumbered, re-numbered, overstamped, remarcado, remarcada,
    renumerado, renumerada, regrabado, regrabada, regravado, regravada, reestampado, sobregrabado, remarcacao,
    remarcacion, adulterado, adulterada, alterado, alterada, altered, remarque, remarquee, renumerote,
    renumerotee, refrappe, repoinconne, changed, cambiado, cambiada, changed over
"""
_OBLITERATED_TERMS: Final = """
    partially obliterated, partly obliterated, raspagem, desbaste, abrasao, intencionalmente suprimido,
    effacement, grinding
"""
_UNMARKED_TERMS: Final = """
    absent, absente, numero absent, ausente, numero ausente, serie ausente, number absent, n possui, n tem,
    sem numero aparente, no posee, no trae, sin serial, sin num, no tiene serie, s/nro, nao ha
"""
_UNKNOWN_TERMS: Final = """
    n/v, n/l, n/r, n/e, ver observacion, ver observaciones, ver obs, ver nota, ver notas, ver detalle, ver
    foto, ver fotos, ver anexo, ver acta, vide observacao, vide observacoes, vide obs, vide anexo, vide laudo,
    vide foto, vide campo observacao, vide campo obs, vide campo observacao abaixo, ver campo observacao, ver
    campo observaciones, ver laudo, vide fotos, ver abaixo, vide abaixo, see remarks, see notes, see note, see
    comments, see report, see below, see photos, see attached, see description, voir observations, voir
    observation, voir remarques, voir rapport, voir photo, voir ci-dessous, voir annexe, cf rapport, por
    verificar, por establecer, pendente, sem registro, sin registro, non precise, non releve, to be determined
"""
_LABEL_TERMS: Final = """
    serie, series, serial, serials, serial number, serial numbers, serial no, serial nr, serial num, serial n,
    ser no, ser, sn, s/n, s/no, n/s, ns, n/serie, number, numero, numero de serie, numero serie, num, num de
    serie, num serie, no de serie, n de serie, nr de serie, nro de serie, nro serie, n serie, nro, nr, no
    serie, serie no, serie nro, serie n, serie numero, numero de la serie, numeracion, numeracao, numero da
    arma, numero del arma, n da arma, n del arma, matricule, matricula, n de matricule, numero de matricule,
    numero de serial, num serial, nro serial, no serial, numerode serie, marking, marcado, marca de serie,
    marquage, arme n, arma n, arma no, weapon no, gun no, serial numero, seria
"""
_AND_TERMS: Final = """
    y, e, and, et, und, tambien, also, tambem, aussi, as well as, asi como, bem como, ainsi que
"""
_SMALL_TERMS: Final = """
    followed by, seguido de, seguido por, seguida de, seguida por, seguidos de, seguidas de, seguido do,
    seguida do, suivi de, suivie de, suivi par, suivis de, externo, externa, exterior, external, externe,
    interno, interna, internal, verdadero, verdadeiro, real, true, vrai, actual, atual, partie, en partie, em
    parte, en parte, in part, a, al, as, at, au, aux, both, ca, com, con, da, das, de, del, des, do, dos, du,
    el, em, en, es, est, esta, for, from, in, is, it, la, las, le, les, lo, los, mas, more, na, nas, no, nos,
    o, of, on, os, para, par, pela, pelo, por, pour, que, reads, sa, se, ser, son, sur, the, to, un, una, um,
    uma, une, was, with, avec, como, as, by, era, foi, fue, lee, now, ahora, agora, y a, so, sobre, lado, in
    the, of the, sua, su, each, cada, todo, tem, tiene, has, parte, part, pieza, peca, arma, gun, weapon,
    arme, quimico, quimica, intencionalmente, intencional, intentionally, deliberately, deliberadamente,
    intentionnellement, parcialmente, partially, partly, partiellement, totalmente, completamente, completely,
    totally, propositalmente, mecanicamente, proposito, a proposito, volontairement, mediante, laboratorio, en
    laboratorio, laboratoire, au laboratoire, laboratory, lab, chemical, etching, acid, acido, perito, no
    laboratorio, em laboratorio
"""
_TERM_GROUPS: Final = (
    ("small", "", _SMALL_TERMS),
    ("and", "", _AND_TERMS),
    ("label", "", _LABEL_TERMS),
    ("marking", "unknown", _UNKNOWN_TERMS),
    ("marking", "unmarked", _UNMARKED_TERMS),
    ("marking", "obliterated", _OBLITERATED_TERMS),
    ("condition", "altered", _ALTERED_TERMS),
    ("condition", "visible", _VISIBLE_TERMS),
    ("condition", "probable", _PROBABLE_TERMS),
    ("condition", "restored", _RESTORED_TERMS),
    *(("part", code, words) for code, words in _PART_TERMS.items()),
)
TERMS: Final = {
    " ".join(phrase.split()): Term(kind, code)
    for kind, code, phrases in _TERM_GROUPS
    for phrase in phrases.split(",")
}
_ORDINAL_SIGNS: Final = str.maketrans("", "", "º°ª.’'")
_ALTERED: Final = Term("condition", "altered")
_NEGATED_VERBS: Final = frozenset(
    "se ha ser be been was is es foi fue sido pudo puede posible possivel possible could que a ete".split()
)
_RESTORED_VERB: Final = re.compile(
    r"(?:restor|restaur|recuper|recover|revel|reveal|reaviv|reactiv|regener|restitu|raised|etched)\w*"
)
_ORIGINAL_WORD: Final = re.compile(r"original(?:e|es|is)?|origine|d.origine|intact[oae]?s?")
_NUMBER_SIGN: Final = re.compile(r"n[ro]{0,2}\.?[º°ª]\.?|no\.", re.IGNORECASE)
# Words that people misspell in place of a serial.
_CORRECTABLE_WORDS: Final = """
    obliterado obliterada obliterated suprimido suprimida eliminado eliminada adulterado adulterada remarcado
    remarcada regrabado regrabada raspado raspada limado limada borrado borrada erradicado erradicada
    esmerilado esmerilhado devastado desbastado lixado lixada picotado apagado apagada ilegible ilegivel
    illegible illisible desconocido desconhecido unknown defaced removed scratched filed efface oblitere
    ininteligible
""".split()


def fold_glyphs(text: str) -> str:
    """Return the text without case and accents; positions stay the same."""
    return "".join(map(_fold_glyph, text))


@lru_cache(maxsize=4_000)
def _fold_glyph(glyph: str) -> str:
    return (unicodedata.normalize("NFKD", glyph)[0].lower() or glyph)[0]


@lru_cache(maxsize=4_000)
def find_term(phrase: str) -> Term | None:
    """Return the term of a phrase of letters, or None if unknown."""
    if _NUMBER_SIGN.fullmatch(phrase):
        return Term("label", "")
    words = fold_glyphs(phrase).translate(_ORDINAL_SIGNS).strip()
    if term := TERMS.get(words) or TERMS.get(words.replace("-", " ")):
        return term
    if negated := _negated_term(words):
        return negated
    if is_craft(phrase):  # next to a mark it describes the gun, and not that the mark is none
        return None
    marking = marking_of(phrase) if len(words) > 2 and len(set(words)) > 1 else None
    return Term("marking", marking) if marking else None


def _negated_term(words: str) -> Term | None:
    """Return what a negated condition means: `no revelado`, `not original`, `not erased`."""
    first, *rest = words.split() or [""]
    while rest and rest[0] in _NEGATED_VERBS:
        rest = rest[1:]
    if first not in DENIALS or not rest:
        return None
    phrase = " ".join(rest)
    if _RESTORED_VERB.fullmatch(phrase):
        return Term("marking", "obliterated")
    if _ORIGINAL_WORD.fullmatch(phrase):
        return Term("condition", "altered")
    if marking_of(phrase) in ("obliterated", "altered") or TERMS.get(phrase) == _ALTERED:
        return Term("condition", "visible")
    return None


@lru_cache(maxsize=4_000)
def is_denied(phrase: str) -> bool:
    """Return whether a phrase is a denied condition, as `no original`."""
    return _negated_term(fold_glyphs(phrase)) is not None


@lru_cache(maxsize=4_000)
def find_misspelt_term(word: str) -> Term | None:
    """Return the term of a misspelt word, or None.

    One edit from a known word, two in words of nine letters or more; words of fewer than six
    letters or with digits are not corrected.
    """
    folded = fold_glyphs(word)
    if len(folded) < 6 or not folded.isalpha():
        return None
    most = 1 if len(folded) < 9 else 2
    for known in _CORRECTABLE_WORDS:
        if OSA.distance(folded, known, score_cutoff=most) <= most:
            return Term("marking", marking_of(known) or "unknown")
    return None


@cache
def _joined_markings() -> dict[str, str]:
    """Return the marking of each known phrase, without blanks."""
    joined = {re.sub(r"\W", "", phrase): each for phrase, each in _MARKING_BY_PHRASE.items()}
    return {phrase: marking for phrase, marking in joined.items() if len(phrase) > 4}


@lru_cache(maxsize=4_000)
def guess_marking(text: str) -> str | None:
    """Return the marking that words without a digit mean, misspelt or cut, or None.

    Looser than `marking_of`: for cells of which it is known that they are no mark.
    """
    words = _strip_signs(_fold_text(text))
    return read_denial(words, _MARK_NOUNS) or find_near(words, _joined_markings())
