"""Errors explained to users, with translatable messages and treaty articles; no HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final


@dataclass(frozen=True)
class Message:
    """Translatable sentence: an English template, the key, without data, and its parameters."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.params)


@dataclass(frozen=True)
class CodeLabel:
    """Code in a sentence, shown by its label in each language."""

    kind: str
    code: str

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True)
class CodeLabels:
    """Several codes of one kind in a sentence, in order."""

    kind: str
    codes: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.codes)


@dataclass(frozen=True)
class FieldLabels:
    """Field names in a sentence, shown as the form labels them."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.names)


def message(text: str, **params: Any) -> Message:
    """Build a translatable message with its parameters."""
    return Message(text, params)


class SalsaError(Exception):
    """Base of all explained errors; `code` is stable, `details` are data."""

    code: str = "error"

    def __init__(self, message: Message | str, **details: Any) -> None:
        super().__init__(str(message))
        self.message = (
            message if isinstance(message, Message) else Message("{text}", {"text": message})
        )
        self.details = details


class Unauthenticated(SalsaError):
    """No valid account, session or key."""

    code = "unauthenticated"


class TooManyAttempts(SalsaError):
    """Wrong passwords from one address; the next one has to wait."""

    code = "too_many_attempts"


class TooManyLookups(SalsaError):
    """A budget of look-ups is used; `retry_after` seconds. What was written is committed."""

    code = "too_many_lookups"


def too_many_lookups(seconds: int) -> TooManyLookups:
    """Return the error of a budget from which a look-up comes back in so many seconds."""
    text = message(
        "You looked up many guns in a short time. Go on in {seconds} seconds.", seconds=seconds
    )
    return TooManyLookups(text, retry_after=seconds)


class PasswordChangeRequired(SalsaError):
    """A password that someone else set opens nothing but its change."""

    code = "password_change_required"


class CodeRequired(SalsaError):
    """The password was right, and a code of the second factor is missing or wrong."""

    code = "code_required"


class Forbidden(SalsaError):
    """The actor may see the object but not do this."""

    code = "forbidden"


class WrongAccount(Forbidden):
    """An offline form was saved by another account."""

    code = "not_yours"


class OutdatedForm(Forbidden):
    """The form does not come from a current page; reload and resubmit."""

    code = "old_form"


class NotFound(SalsaError):
    """The object does not exist or is not visible to the actor."""

    code = "not_found"

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(
            message(
                "There is no {kind} {key} that you may see.",
                kind=CodeLabel("object", kind),
                key=str(key),
            )
        )


class Invalid(SalsaError):
    """Rejected input; `errors` maps field paths to messages."""

    code = "invalid"

    def __init__(self, errors: Mapping[str, Sequence[Message]]) -> None:
        super().__init__(message("Some fields cannot be accepted; see errors."), errors=errors)
        self.errors = errors


class Conflict(SalsaError):
    """A valid request that contradicts recorded data."""

    code = "conflict"


class CallPending(Conflict):
    """The other side has an unanswered call request already."""

    code = "already_asked"

    def __init__(self, time: str) -> None:
        super().__init__(
            message(
                "The other side was asked to call at {time} already, and has not marked it as answered"
                " yet.",
                time=time,
            )
        )


class TooManyCallRequests(Conflict):
    """One side of a post reached the limit of open call requests."""

    code = "too_many_calls"

    def __init__(self, most: int) -> None:
        super().__init__(
            message(
                "{most} calls that your side asked for wait here already. Telephone the other side.",
                most=most,
            )
        )


class NoSerialMatches(Conflict):
    """No listed serial belongs to the shipment; probably the wrong shipment."""

    code = "nothing_matches"

    def __init__(self, listed: int, shipped: int) -> None:
        super().__init__(
            message(
                "None of the serial numbers in the list is one that was shipped (listed: {listed},"
                " shipped: {shipped}). It is most likely the list of another shipment: look for"
                " the right one. If this is what arrived all the same, confirm it with {field}.",
                listed=listed,
                shipped=shipped,
                field=FieldLabels(("confirm_nothing_matches",)),
            )
        )


class ConfirmationRequired(Conflict):
    """Base: the warning must be confirmed in the body's `field`."""

    field: str


class PartyNotRegistered(ConfirmationRequired):
    """No register knows a party of a permit to be issued."""

    code, field = "party_not_registered", "confirm_unregistered"

    def __init__(self, state: str, role: str, name: str) -> None:
        super().__init__(
            message(
                "The register of {state} knows no {role} of this name: {name}. Look for the firm in the"
                " register, or issue it all the same with {field}.",
                state=state,
                role=CodeLabel("licensee_role", role),
                name=name,
                field=FieldLabels((self.field,)),
            )
        )


class ReceiptNotConfirmed(Conflict):
    """A receipt must be confirmed before it can be corrected."""

    code = "receipt_not_confirmed"

    def __init__(self) -> None:
        super().__init__(
            message(
                "There is nothing to correct: the receipt of this shipment is not confirmed yet."
                " Confirm it first."
            )
        )


class HeldByOtherState(ConfirmationRequired):
    """Another state holds or refused the goods; confirm to continue."""

    code, field = "held", "confirm_held"


class HeldMeanwhile(ConfirmationRequired):
    """The own state stopped the goods, perhaps unseen; confirm to continue."""

    code, field = "held_since", "confirm_held_since"


class NotReleased(ConfirmationRequired):
    """Goods enter without the exporting state's release (CIFTA IX.3); confirm to continue."""

    code, field = "unreleased", "confirm_unreleased"


class DiffersFromPapers(ConfirmationRequired):
    """Serials or counts differ from the papers; confirm to continue."""

    code, field = "differs", "confirm_differs"


class ApprovalDeclined(ConfirmationRequired):
    """The trace was declined and needs no approval now; confirm to continue."""

    code, field = "rejected", "confirm_rejected"


class HeldByOwnState(Conflict):
    """The own state holds the goods; resume the shipment first."""

    code = "held_by_own"


class Duplicate(Conflict):
    """The natural number is already used."""

    code = "duplicate"


class RuleBroken(Conflict):
    """A valid request that a treaty rule currently forbids."""

    def __init__(self, article: Article, message: Message, **details: Any) -> None:
        super().__init__(message, **details)
        self.article = article
        self.code = article.code


class InvalidByRule(Invalid):
    """Field values that a treaty rule always forbids."""

    def __init__(self, article: Article, errors: Mapping[str, Sequence[Message]]) -> None:
        super().__init__(errors)
        self.article = article
        self.code = article.code


class OverQuantity(RuleBroken):
    """Quantity above the permit's balance (Model Regulations 8.3); `balance` is the rest."""

    code = "over_quantity"

    def __init__(self, message: Message, balance: Mapping[str, str]) -> None:
        super().__init__(Article.QUANTITY, message, balance=balance)


NEXT_STEPS: Final[Mapping[tuple[str, str], Message]] = {
    ("discrepancy", "agreed"): message("To change the statement, reopen it first."),
    ("licensee", "suspended"): message("To lift the suspension, reinstate it."),
    ("permit", "suspended"): message("To lift the suspension, reinstate it."),
    ("permit", "cancelled"): message("That is for good: issue a new one."),
    ("permit", "proposed"): message("It is not issued yet: a second person approves it first."),
    ("permit", "returned"): message("It was not issued. Propose it again."),
    ("permit", "replaced"): message("Change the one that was issued in its place."),
    ("shipment", "held"): message("Resume it first."),
    ("shipment", "cancelled"): message("That is for good: record a new one."),
    ("trace", "closed"): message("That is for good: ask for a new trace."),
    ("trace", "withdrawn"): message("That is for good: ask for a new trace."),
    ("seizure", "withdrawn"): message("This is final. Record it again, under another number."),
    ("report", "withdrawn"): message(
        "This is final. Report the firearm again, under another number."
    ),
    ("request", "withdrawn"): message("The asking state no longer waits for an answer."),
    ("consent", "granted"): message("It is valid, and can be revoked."),
    ("consent", "refused"): message("It can be granted after all."),
}
"""Suggested next step by object kind and status."""


class IllegalTransition(Conflict):
    """The object's status does not allow this action.

    `possible` are the codes of the allowed actions; `onward` replaces the default hint of
    NEXT_STEPS.
    """

    code = "illegal_transition"

    def __init__(
        self,
        kind: str,
        status: str,
        action: str | CodeLabel | Message,
        possible: Sequence[str] = (),
        onward: Message | None = None,
    ) -> None:
        now = message("Possible now: {possible}.", possible=CodeLabels("action", tuple(possible)))
        onward = onward or NEXT_STEPS.get((kind, status)) or (now if possible else None)
        problem = message(
            "“{action}” is not possible: this {kind} is {status}.",
            kind=CodeLabel("object", kind),
            status=CodeLabel(f"{kind}_status", status),
            action=CodeLabel("action", action) if isinstance(action, str) else action,
        )
        if onward:
            problem = message(
                "“{action}” is not possible: this {kind} is {status}. {onward}",
                **problem.params,
                onward=onward,
            )
        super().__init__(problem, status=status, possible=tuple(possible))


class ReleaseRequired(IllegalTransition):
    """A checkpoint stage needs a released shipment (CIFTA IX.3)."""

    def __init__(self, status: str, stage: str) -> None:
        SalsaError.__init__(
            self,
            message(
                "This shipment is {status}, and not released. Release it first; then the"
                " stage “{stage}” can be recorded.",
                status=CodeLabel("shipment_status", status),
                stage=CodeLabel("checkpoint_stage", stage),
            ),
            status=status,
        )


class PreconditionRequired(SalsaError):
    """The change needs the version the caller has read."""

    code = "precondition_required"


class StaleVersion(SalsaError):
    """The object changed after the caller read it."""

    code = "stale_version"

    def __init__(self) -> None:
        super().__init__(message("This was changed since you read it; read it again."))


class IdempotencyKeyReused(SalsaError):
    """The same Idempotency-Key came with another request."""

    code = "idempotency_key_reused"


class RequestInProgress(Conflict):
    """The first request with this Idempotency-Key is still running."""

    code = "in_flight"


class Unavailable(SalsaError):
    """The database, or the store of files, is unreachable or too busy; retry later."""

    code = "unavailable"


class ImportRejected(SalsaError):
    """A file rejected as a whole; `reasons` give line and cause."""

    code = "import_rejected"


class NotConfigured(SalsaError):
    """A setting that the operator must provide is missing or wrong."""

    code = "not_configured"


ENVELOPE_REFUSALS: Final[Mapping[str, Message]] = {
    "too_large": message("The envelope is larger than {field} bytes."),
    "malformed": message(
        "The field {field} of the envelope is missing, unknown or not as it has to be."
    ),
    "not_canonical": message("The envelope is not written in its canonical form (RFC 8785)."),
    "unknown_version": message("Envelopes of version {field} are not known here."),
    "other_recipient": message("The envelope is for {field}."),
    "unknown_key": message("The sender of the envelope has no key {field} that is known here."),
    "bad_signature": message(
        "The signature is not one of {field} on this envelope: it was altered."
    ),
    "compromised_key": message("The key {field}, which signed the envelope, was reported stolen."),
    "id_taken": message("Another envelope with the id {field} was received before."),
    "sequence_taken": message(
        "Another envelope with the number {field} of this pair was received before."
    ),
    "other_request": message(
        "The envelope answers {field}, which its sender was not asked in these words."
    ),
    "chain_broken": message(
        "The envelope does not follow the one before it: {field} names another hash."
    ),
}
"""Reasons for refusing an envelope; `field` is the field, key, state or number."""


class EnvelopeRefused(SalsaError):
    """An envelope refused on receipt; `reason` is a key of ENVELOPE_REFUSALS."""

    code = "envelope_refused"

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(Message(ENVELOPE_REFUSALS[reason].text, {"field": field}), reason=reason)
        self.reason = reason


class Article(Enum):
    """Enforced treaty rules: problem code and source."""

    LICENSING = ("not_licensed_by_all", "CIFTA IX.3")
    RECEIPT = ("receipt_not_owed", "CIFTA IX.4")
    GOODS = ("goods_undescribed", "Model Regulations 2.2.1")
    SERIALS = ("serial_missing", "Model Regulations 2.2.2")
    PLAN = ("plan_missing", "Model Regulations 4.2")
    VALIDITY = ("validity_over_one_year", "Model Regulations 8.1")
    NO_EXTENSION = ("no_extension", "Model Regulations 8.2")
    QUANTITY = ("over_quantity", "Model Regulations 8.3")
    COPIES = ("electronic_copies_not_agreed", "Model Regulations 8.4")
    AMENDABLE = ("not_amendable", "Model Regulations 8.5")
    AMENDED_IN_VALIDITY = ("amended_after_expiry", "Model Regulations 8.5")
    AUTHENTICATION = ("authentication_missing", "Model Regulations 8.5")
    CANCELLATION = ("cancelled_already", "Model Regulations 9.8")

    @property
    def code(self) -> str:
        """Return the problem code."""
        return self.value[0]

    @property
    def source(self) -> str:
        """Return the treaty or regulation with its article."""
        return self.value[1]


class PostgresUnavailable(SalsaError):
    """The database server cannot start, connect or be prepared; the message explains."""

    code = "postgres_unavailable"
