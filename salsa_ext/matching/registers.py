"""The documents that one state sees, and which of them belong together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from salsa_ext.matching.permits import Document, Key


class Register:
    """The documents that one state sees, found by what names them and by what they name."""

    def __init__(self, documents: Iterable[Document], participants: Collection[str]) -> None:
        self.documents = list(documents)
        self.participants = participants
        self._by_key = {document.key: document for document in self.documents}
        self._successors = {
            (document.state, document.kind, document.replaces): document
            for document in self.documents
            if document.replaces and document.status != "refused"
        }
        self._naming: dict[Key, list[Document]] = {}
        for document in self.documents:
            for key in document.names:
                self._naming.setdefault(key, []).append(document)

    def standing(self, key: Key) -> Document | None:
        """Return the document of a key, or the one that replaced it in the end."""
        document, seen = self._by_key.get(key), {key}
        while document is not None and (later := self._successors.get(document.key)):
            if later.key in seen:
                break
            seen.add(later.key)
            document = later
        return document

    def lineage(self, document: Document) -> list[Document]:
        """Return the documents that one stands for: those it replaced, the oldest first, and it."""
        line = [document]
        while line[0].replaces:
            earlier = self._by_key.get((document.state, document.kind, line[0].replaces))
            if earlier is None or earlier in line:
                break
            line.insert(0, earlier)
        return line

    def counterparts(self, own: Document, kind: str) -> list[Document]:
        """Return the standing documents of a kind that own names or that name it, by number."""
        named = (self.standing(key) for key in own.names if key[1] == kind)
        found = {document.id: document for document in named if document}
        for line in self.lineage(own):
            for document in self._naming.get(line.key, ()):
                if document.kind == kind and (stands := self.standing(document.key)):
                    found[stands.id] = stands
        if kind == "in_transit" or own.kind == "in_transit":
            found |= {document.id: document for document in self._through_import(own, kind)}
        valid = (document for document in found.values() if not document.is_void)
        return sorted(valid, key=lambda document: document.key)

    def drawing(self, lineage: Sequence[Document]) -> list[Document]:
        """Return every export certificate, void ones too, that names one of the lineage."""
        found = {
            document.id: document
            for line in lineage
            for document in self._naming.get(line.key, ())
            if document.kind == "export"
        }
        named = {line.key for line in lineage}
        for document in list(found.values()):  # a reissue may leave the reference to its first
            for earlier in self.lineage(document):
                if earlier.names & named:
                    found[earlier.id] = earlier
        return sorted(found.values(), key=lambda document: document.key)

    def _through_import(self, own: Document, kind: str) -> list[Document]:
        """Find transit and export that name one import certificate, and not each other."""
        if {own.kind, kind} != {"export", "in_transit"}:
            return []
        shared = {key for key in own.names if key[1] == "import"}
        found = (document for key in shared for document in self._naming.get(key, ()))
        sides = (own.exporting_state, own.importing_state)
        return [
            document
            for document in found
            if document.kind == kind
            and (document.exporting_state, document.importing_state) == sides
            and not any(key[1] == own.kind for key in document.names)
            and not any(key[1] == kind and key[0] == document.state for key in own.names)
        ]
