"""Names of makers: legal forms, importers in brackets, truncated names; pure."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from salsa_ext.reference.name_matching import (
    CORE_NAME,
    LIKELY,
    KnownName,
    NameCandidate,
    NameCandidates,
    NameIndex,
    fold_name,
    rank_candidates,
    split_words,
)

_TRADE_WORDS: Final = """
    inc llc ltd ltda co corp corporation company comp cia gmbh ag spa srl sl plc kg sas sa mfg
    manufacturing manufacture manufacturer manuf man fabrica industria industrias companhia compania
    firearms firearm arms armas armes guns usa us the and y e et und
"""
_GENERIC_WORDS: Final = """
    american precision tactical national united universal custom international liberty eagle swiss
    sporting service standard defense defence industries armory arsenal republic general german
"""
_LEGAL_FORMS: Final = frozenset(_TRADE_WORDS.split())
_GENERIC: Final = frozenset(_GENERIC_WORDS.split())  # would mean many makers without other words
# Where a maker is: next to its name it adds nothing.
_PLACE_WORDS: Final = frozenset(
    """
    made in by gardone vt v t brescia springfield mass massachusetts hartford hartf conn
    connecticut ct eibar guernica oberndorf ulm suhl herstal liege porto alegre sao leopoldo
    itajuba mg rs rj rosario ramos mejia buenos aires southport prescott az miami fl florida new
    york ny haven tx texas brno uhersky brod praha izhevsk tula kragujevac patent pat cefar brasil
    brazil brasileira argentina arg chile colombia peru mexico venezuela ecuador usa us u s
    america eua italy italia germany alemania alemanha austria spain espana espanha belgium
    belgica belgique turkey turquia turkiye israel russia rusia serbia croatia croacia czech checa
    republic republica rep industria hecho en fabricado fabricada fabricacion fabricacao nacional
    marca
    """.split()
)
_MODEL: Final = re.compile(r"[a-z]{0,4}\d{1,4}[a-z]{0,4}\d?")
_MODEL_WORDS: Final = frozenset(
    """
    pt rt gen mod model modelo ppk ppks pps ppq usp fal fap thunder puma magnum raging judge
    tracker mini inox compact storm apx px cougar cheetah tomcat bobcat commander government
    defender mustang detective cobra python anaconda gold cup blackhawk redhawk vaquero mark mk
    security six speed lcp lcr lc sr sp shield bodyguard highway patrolman pro tactical sport
    elite scorpion shadow rami zigana regard mc yavuz af fs s b c d dao sa da ss plus custom
    target security special police positive chiefs millennium ultra lite unica carbine ranchero
    gaucho overland pomba
    """.split()
)
_MIN_CORE: Final = 2
_MIN_GLUED: Final = 4  # letters of a maker's name that a model is glued to
_MIN_CUT: Final = 8  # letters of a name of which the end is cut elsewhere
_COLUMN_WIDTH: Final = 10  # where some registers cut a make
_TRUNCATED: Final = 0.97
_PART: Final = 0.96
_SEPARATOR: Final = re.compile(r"[/()\[\];]|\s-\s")


def core_name(text: str) -> str:
    """Return a maker's name without legal form and trade words."""
    left = "".join(word for word in split_words(text) if word not in _LEGAL_FORMS)
    return left if len(left) >= _MIN_CORE and left not in _GENERIC else ""


def is_truncated(text: str) -> bool:
    """True if the name has exactly the length of registers' columns."""
    length, left = len(" ".join(text.split())), sum(map(len, split_words(text)))
    return left > _MIN_CORE * 2 + 1 and (
        length == _COLUMN_WIDTH or left == length == _COLUMN_WIDTH - 1
    )


def _is_aside(word: str) -> bool:
    """Return whether a word behind a maker's name is a model or a place."""
    return word in _PLACE_WORDS or word in _MODEL_WORDS or bool(_MODEL.fullmatch(word))


class MakeIndex(NameIndex):
    """Makers and brands; importers are recognised but are no makers."""

    kind = "make"

    def __init__(
        self,
        known: Iterable[KnownName],
        importers: Iterable[str] = (),
        parents: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(known)
        self._importers, self._parents = frozenset(importers), parents or {}
        imported = {
            name: candidates
            for name, candidates in self.by.items()
            if candidates[0].code in self._importers
        }
        for name, candidates in imported.items():
            self.by[name] = [candidate._replace(how="importer") for candidate in candidates]

    def resolve(self, text: str, type_code: str | None = None) -> str | None:
        """Return the certain maker of a text, or None; never an importer."""
        code = super().resolve(text, type_code)
        return None if code in self._importers else code

    def ways(self) -> Sequence[Callable[[str], NameCandidates]]:
        """Read a name, its core, its parts, a truncated name, one with a model or a place."""
        return self.named, self._formed, self._parted, self._cut, self._modelled, self._glued

    def guess(self, text: str) -> NameCandidates:
        """Return names similar to the whole text or to its core."""
        whole, left = fold_name("make", text), core_name(text)
        typos = self.mistyped(whole, len(left) or 99)
        if left != whole:
            typos += self.mistyped(left)
        return rank_candidates([*typos, *self.within(text)])

    def _formed(self, text: str) -> NameCandidates:
        candidates = self.by.get(core_name(text), ())
        return [
            candidate._replace(how="form") if candidate.how == "name" else candidate
            for candidate in candidates
        ]

    def _parted(self, text: str) -> NameCandidates:
        """Read `maker (importer)` and `importer/maker`; return the maker."""
        parts = [part for part in _SEPARATOR.split(text) if split_words(part)]
        read = [(self.named(part) or self._formed(part))[:1] for part in parts]
        codes = dict.fromkeys(candidates[0].code for candidates in read if candidates)
        makers = [code for code in codes if code not in self._importers]
        above = {self._parents.get(code) for code in makers}
        makers = [code for code in makers if code not in above] or list(codes)
        if len(parts) < 2 or not makers:
            return ()
        if makers[0] in self._importers:
            return [
                NameCandidate(code, round(_PART / len(makers), 2), "importer") for code in makers
            ]
        first = read[0][0].code if read[0] else None
        if len(makers) == 1 and "(" in text and makers[0] == first:
            return [NameCandidate(makers[0], _PART, "part")]  # whatever is in brackets
        if len(makers) == 1:
            return [NameCandidate(makers[0], _PART if all(read) else LIKELY, "part")]
        if "(" in text and first:  # the register's make, and its partner
            return [NameCandidate(first, LIKELY, "part")]
        return [NameCandidate(code, round(1 / len(makers), 2), "several") for code in makers]

    def _modelled(self, text: str) -> NameCandidates:
        """Read a name with its model or place: `SIG SAUER P320`, `BERETTA GARDONE VT`."""
        words = split_words(text)
        for length in range(len(words) - 1, 0, -1):
            if not _is_aside(words[length]):
                break
            if name := self._certain("".join(words[:length])):
                return [NameCandidate(name.code, _PART, "part")]
        return ()

    def _glued(self, text: str) -> NameCandidates:
        """Read a name that its model is glued to: `glockg22`, `tauruspt`, `CZ75`."""
        whole = fold_name("make", text)
        for length in range(len(whole) - 1, 1, -1):
            name, rest = self._certain(whole[:length]), whole[length:]
            is_model = bool(_MODEL.fullmatch(rest)) or (len(rest) > 1 and rest in _MODEL_WORDS)
            if name and is_model and (length >= _MIN_GLUED or rest.isdigit()):
                return [NameCandidate(name.code, _PART, "part")]
        return ()

    def _certain(self, folded: str) -> NameCandidate | None:
        """Return the maker that is certain by its folded name or its core."""
        best = next(iter(self.by.get(folded, ())), None)
        is_certain = best is not None and best.confidence >= CORE_NAME and folded.isalpha()
        return best if is_certain else None

    def _cut(self, text: str) -> NameCandidates:
        """Read a truncated name that begins the names of one maker only."""
        begin = fold_name("make", text)
        if len(begin) < _MIN_CUT and not is_truncated(text):
            return ()
        first = bisect_left(self.sure, begin)
        codes = set()
        for name in self.sure[first:]:
            if not name.startswith(begin):
                break
            codes.add(self.by[name][0].code)
        confidence = _TRUNCATED if len(codes) == 1 else round(1 / len(codes), 2) if codes else 0
        return [NameCandidate(code, confidence, "cut") for code in sorted(codes)]
