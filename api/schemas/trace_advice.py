"""What is said of a draft before it is sent, over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.i18n import translate
from salsa_ext.matching.outlooks import Lack, Outlook


class LackResponse(Schema):
    """Something that a trace lacks, and by which share more of such traces are answered with it."""

    field = fields.String(required=True)
    texts = fields.List(fields.String(), required=True)
    gain = fields.Float(required=True)

    @pre_dump
    def _present(self, lack: Lack, **_: Any) -> dict[str, Any]:
        return {
            "field": lack.field, "texts": [translate(text) for text in lack.texts],
            "gain": round(lack.gain, 3),
        }  # fmt: skip


class AdviceResponse(Schema):
    """Why a trace is likely to fail, and which field would change that: `next`, of the `missing`.

    `share` of the traces that say as much are answered by a record: an assumption from general
    experience, and counted from nobody's traces.
    """

    share = fields.Float(required=True)
    text = fields.String(required=True)
    next = fields.String(required=True, allow_none=True)
    missing = fields.List(fields.Nested(LackResponse), required=True)

    @pre_dump
    def _present(self, outlook: Outlook, **_: Any) -> dict[str, Any]:
        return {
            "share": round(outlook.share, 3), "text": translate(outlook.text),
            "next": outlook.next, "missing": outlook.lacks,
        }  # fmt: skip
