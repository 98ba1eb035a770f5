"""Documents with one declared field more, which their owner alone reads."""

from collections.abc import Callable
from dataclasses import make_dataclass
from typing import Annotated, Any, NamedTuple

from api.http.fields.declared import request_schema
from api.schemas.documents import ReportResponse, SeizureResponse, TransferResponse
from salsa_ext.core.fields import Field, Word
from salsa_ext.documents import reports, seizures, transfers
from salsa_ext.documents.queries import REPORTS, SEIZURES, TRANSFERS, DocumentKind
from tests.support import bodies

SECRET = "WORD-THAT-IS-THE-OWNERS"
LABEL = "Number plate of tomorrow"


class Widened(NamedTuple):
    """A kind of document, and how it is recorded; `column` stores the new field.

    A seizure stores it in its details; of the others a column of a field that is given up.
    """

    kind: DocumentKind
    response: Any
    role: str
    body: Callable[..., dict[str, Any]]
    record: Any
    correct: Any
    column: str = ""

    def declare(self) -> type:
        """Return the document's class with one field more."""
        base, stored = self.kind.value, Field(LABEL, stored="details", personal="link")
        fields: list[Any] = []
        if self.column:
            stored = Field(LABEL, column=self.column, personal="link")
            none = Field("None", stored="no", is_sent=False, is_shown=False)
            fields = [(self.column, Annotated[Word | None, none], None)]
        fields.append(("plate", Annotated[Word | None, stored], None))
        return make_dataclass(base.__name__, fields, bases=(base,), frozen=True, kw_only=True)

    def load(self, **more: Any) -> Any:
        """Return the data of a request that names the field."""
        body = self.body(number="X-1", plate=SECRET, **more)
        body.pop(self.column, None)
        if self.kind is SEIZURES:
            body["agency"] = "BRA-TEST"
        return request_schema(self.kind.value)().load(body)


DOCUMENTS = {
    "seizures": Widened(
        SEIZURES,
        SeizureResponse,
        "police_officer",
        bodies.seizure,
        seizures.record,
        seizures.correct,
    ),
    "reports": Widened(
        REPORTS,
        ReportResponse,
        "police_officer",
        bodies.report,
        reports.record,
        reports.correct,
        "stolen_from",
    ),
    "transfers": Widened(
        TRANSFERS,
        TransferResponse,
        "licensing_officer",
        bodies.transfer,
        transfers.record,
        transfers.correct,
        "licence",
    ),
}
