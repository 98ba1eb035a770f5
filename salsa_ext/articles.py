"""The rules of the treaties that the service enforces, each with its source and its problem code."""

from __future__ import annotations

from enum import Enum


class Article(Enum):
    """A rule: the code of the problem that breaking it makes, and where the rule is written."""

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
        """Return the code of the problem."""
        return self.value[0]

    @property
    def source(self) -> str:
        """Return the treaty or regulation and its article."""
        return self.value[1]
