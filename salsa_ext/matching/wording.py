"""Words around a mark, in four languages: parts of the gun, its condition, labels, small words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from salsa_ext.matching.prose import is_craft, marking_of


class Term(NamedTuple):
    """What a phrase is (`part`, `condition`, `marking`, `label`, `and`, `small`, `pointer`) and says."""

    kind: str
    code: str


LONGEST: Final = 7  # words of a phrase

_PARTS: Final = {
    "frame": """
        frame, pistol frame, armazon, armazon inferior, marco, bastidor, chasis, armacao, chassi,
        chassis, carcasse, carcasa
    """,
    "slide": """
        slide, corredera, carro, corredica, glissiere
    """,
    "barrel": """
        barrel, barrels, bbl, brl, canon, canones, cano, canos, cano da arma, tubo canon
    """,
    "receiver": """
        receiver, rcvr, action, cajon, cajon de mecanismos, cajon de los mecanismos, caja de
        mecanismos, caixa de culatra, caixa da culatra, caixa de mecanismo, caixa do mecanismo,
        boite de culasse, boitier, bascule, bascula, carcaca
    """,
    "upper_receiver": """
        upper receiver, upper, receptor superior, cajon superior, caixa superior, boitier superieur
    """,
    "lower_receiver": """
        lower receiver, lower, receptor inferior, cajon inferior, caixa inferior, boitier inferieur
    """,
    "bolt": """
        bolt, bolt carrier, breech bolt, breechblock, breech block, cerrojo, bloque de cierre,
        ferrolho, culasse, culasse mobile, verrou
    """,
    "cylinder": """
        cylinder, cyl, drum, tambor, cilindro, barillet
    """,
    "crane": """
        crane, yoke, grua, basculante, porta tambor, potence
    """,
    "magazine": """
        magazine, cargador, proveedor, carregador, pente, chargeur
    """,
    "trigger_guard": """
        trigger guard, guardamonte, guarda monte, guardamato, guarda mato, guarda-mato, pontet
    """,
    "stock": """
        stock, butt, buttstock, culata, coronha, crosse
    """,
    "grip": """
        grip, butt plate, empunadura, cacha, cachas, empunhadura, cabo, poignee
    """,
    "chamber": """
        chamber, recamara, camara, chambre
    """,
    "forend": """
        forend, fore end, forearm, handguard, guardamanos, guarda-mao, fut, garde-main
    """,
    "side_plate": """
        side plate, sideplate, placa lateral, tapa lateral, plaque laterale
    """,
}
_RESTORED: Final = """
    se revela, se revelo, revelou, revelou-se, on revele, reveals, se recupera, se recupero,
    restored, recovered, raised, revealed, restored by etching, etched up, after restoration, after
    etching, revelado, revelada, revelados, reveladas, restaurado, restaurada, restaurados,
    restauradas, recuperado, recuperada, recuperados, recuperadas, reavivado, reactivado, por
    revelado, por revelado quimico, revelado quimico, tras restauracion, tras revelado, regenerado,
    regenerada, restauracion quimica, apos revelacao, revelacao quimica, reavivada, apos
    restauracao, por revelacao, revele, revelee, reveles, restaure, restauree, restitue, restituee,
    reconstitue, ravive, apres restauration, apres revelation, par revelation chimique, revelation
    chimique
"""
_PROBABLE: Final = """
    probable, probably, possible, possibly, likely, maybe, perhaps, apparent, apparently, uncertain,
    doubtful, unsure, not sure, to be confirmed, tbc, presumed, probables, probablemente, posible,
    posiblemente, presunto, presuntamente, dudoso, dudosa, incierto, incierta, aparente,
    aparentemente, tal vez, quizas, a confirmar, por confirmar, sin confirmar, provavel, provaveis,
    provavelmente, possivel, possivelmente, duvidoso, duvidosa, incerto, incerta, talvez, prov,
    prob, probablement, possiblement, douteux, douteuse, incertain, incertaine, peut-etre, a
    verifier, presume, vraisemblable
"""
_VISIBLE: Final = """
    visible, visibles, legible, readable, clear, intact, original, untouched, legibles, intacto,
    intacta, integro, integra, bien legible, bien visible, visivel, visiveis, legivel, legiveis,
    intacte, lisible, lisibles, nitido, nitida, a la vista
"""
_ALTERED: Final = """
    remarked, re-marked, restamped, re-stamped, renumbered, re-numbered, overstamped, remarcado,
    remarcada, renumerado, renumerada, regrabado, regrabada, regravado, regravada, reestampado,
    sobregrabado, remarcacao, remarcacion, adulterado, adulterada, alterado, alterada, altered,
    remarque, remarquee, renumerote, renumerotee, refrappe, repoinconne, changed, cambiado,
    cambiada, changed over
"""
_OBLITERATED: Final = """
    partially obliterated, partly obliterated, raspagem, desbaste, abrasao, intencionalmente
    suprimido, effacement, grinding
"""
_UNMARKED: Final = """
    absent, absente, numero absent, ausente, numero ausente, serie ausente, number absent,
    n possui, n tem, sem numero aparente, no posee, no trae, sin serial, sin num, no tiene serie,
    s/nro, nao ha
"""
_UNKNOWN: Final = """
    n/v, n/l, n/r, n/e,
    ver observacion, ver observaciones, ver obs, ver nota, ver notas, ver detalle, ver foto, ver
    fotos, ver anexo, ver acta, vide observacao, vide observacoes, vide obs, vide anexo, vide laudo,
    vide foto, vide campo observacao, vide campo obs, vide campo observacao abaixo, ver campo
    observacao, ver campo observaciones, ver laudo, vide fotos, ver abaixo, vide abaixo, see
    remarks, see notes, see note, see comments, see report, see below, see photos, see attached, see
    description, voir observations, voir observation, voir remarques, voir rapport, voir photo, voir
    ci-dessous, voir annexe, cf rapport, por verificar, por establecer, pendente, sem registro, sin
    registro, non precise, non releve, to be determined
"""
_LABELS: Final = """
    serie, series, serial, serials, serial number, serial numbers, serial no, serial nr, serial num,
    serial n, ser no, ser, sn, s/n, s/no, n/s, ns, n/serie, number, numero, numero de serie, numero
    serie, num, num de serie, num serie, no de serie, n de serie, nr de serie, nro de serie, nro
    serie, n serie, nro, nr, no serie, serie no, serie nro, serie n, serie numero, numero de la
    serie, numeracion, numeracao, numero da arma, numero del arma, n da arma, n del arma, matricule,
    matricula, n de matricule, numero de matricule, numero de serial, num serial, nro serial, no
    serial, numerode serie, marking, marcado, marca de serie, marquage, arme n, arma n, arma no,
    weapon no, gun no, serial numero, seria
"""
_AND: Final = """
    y, e, and, et, und, tambien, also, tambem, aussi, as well as, asi como, bem como, ainsi que
"""
_SMALL: Final = """
    partie, en partie, em parte, en parte, in part, a, al, as, at, au, aux, both, ca, com, con, da,
    das, de, del, des, do, dos, du, el, em, en, es, est, esta, for, from, in, is, it, la, las, le,
    les, lo, los, mas, more, na, nas, no, nos, o, of, on, os, para, par, pela, pelo, por, pour, que,
    reads, sa, se, ser, son, sur, the, to, un, una, um, uma, une, was, with, avec, como, as, by,
    era, foi, fue, lee, now, ahora, agora, y a, so, sobre, lado, in the, of the, sua, su, each,
    cada, todo, tem, tiene, has, parte, part, pieza, peca, arma, gun, weapon, arme, quimico,
    quimica, intencionalmente, intencional, intentionally, deliberately, deliberadamente,
    intentionnellement, parcialmente, partially, partly, partiellement, totalmente, completamente,
    completely, totally, propositalmente, mecanicamente, proposito, a proposito, volontairement,
    mediante, laboratorio, en laboratorio, laboratoire, au laboratoire, laboratory, lab, chemical,
    etching, acid, acido, perito, no laboratorio, em laboratorio
"""
_GROUPS: Final = (
    ("small", "", _SMALL), ("and", "", _AND), ("label", "", _LABELS),
    ("marking", "unknown", _UNKNOWN), ("marking", "unmarked", _UNMARKED),
    ("marking", "obliterated", _OBLITERATED), ("condition", "altered", _ALTERED),
    ("condition", "visible", _VISIBLE), ("condition", "probable", _PROBABLE),
    ("condition", "restored", _RESTORED),
    *(("part", code, words) for code, words in _PARTS.items()),
)  # fmt: skip
TERMS: Final = {
    " ".join(phrase.split()): Term(kind, code)
    for kind, code, phrases in _GROUPS
    for phrase in phrases.split(",")
}
_NUMBER: Final = re.compile(r"n[ro]{0,2}\.?[º°ª]\.?|no\.", re.IGNORECASE)
# Words that people misspell where a serial should stand.
_SPELT: Final = """
    obliterado obliterada obliterated suprimido suprimida eliminado eliminada adulterado adulterada
    remarcado remarcada regrabado regrabada raspado raspada limado limada borrado borrada erradicado
    erradicada esmerilado esmerilhado devastado desbastado lixado lixada picotado apagado apagada
    ilegible ilegivel illegible illisible desconocido desconhecido unknown defaced removed scratched
    filed efface oblitere ininteligible
""".split()  # noqa: SIM905 - read as a list of words


def plain(text: str) -> str:
    """Return the text without case and accents, each character in its place."""
    return "".join(map(_bare, text))


@lru_cache(maxsize=4_000)
def _bare(glyph: str) -> str:
    return (unicodedata.normalize("NFKD", glyph)[0].lower() or glyph)[0]


@lru_cache(maxsize=4_000)
def term_of(phrase: str) -> Term | None:
    """Return what a phrase of letters says, or None where the lists and `prose` have it not."""
    if _NUMBER.fullmatch(phrase):
        return Term("label", "")
    words = re.sub(r"[º°ª.’']+", "", plain(phrase)).strip()
    if found := TERMS.get(words) or TERMS.get(words.replace("-", " ")):
        return found
    if is_craft(phrase):  # beside a mark it says of the gun, and not that the mark is none
        return None
    said = marking_of(phrase) if len(words) > 2 and len(set(words)) > 1 else None
    return Term("marking", said) if said else None


@lru_cache(maxsize=4_000)
def near(word: str) -> Term | None:
    """Return what a misspelt word says: one edit from a known one, two in a long one; no digits."""
    spelt = plain(word)
    if len(spelt) < 6 or not spelt.isalpha():
        return None
    most = 1 if len(spelt) < 9 else 2
    close = (known for known in _SPELT if _edits(spelt, known, most) <= most)
    said = next(close, None)
    return Term("marking", marking_of(said) or "unknown") if said else None


def _edits(one: str, other: str, most: int) -> int:
    """Count insertions, deletions, substitutions and transpositions; stop above `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for at, glyph in enumerate(one, 1):
        last, before, row = before, row, [at]
        for to, its in enumerate(other, 1):
            cost = min(before[to] + 1, row[-1] + 1, before[to - 1] + (glyph != its))
            if at > 1 and to > 1 and glyph == other[to - 2] and one[at - 2] == its:
                cost = min(cost, last[to - 2] + 1)
            row.append(cost)
    return row[-1]
