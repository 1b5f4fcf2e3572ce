"""Customers, what we ask them, what they say."""

from surveys.models.asking import ReportableAttribute, Source, Survey, Touchpoint
from surveys.models.customers import Account, Brand, Contact, ContactKey
from surveys.models.erasing import ErasedKey, Erasure
from surveys.models.invitations import Invitation
from surveys.models.responses import Exclusion, Response, Revision

__all__ = [
    "Account",
    "Brand",
    "Contact",
    "ContactKey",
    "ErasedKey",
    "Erasure",
    "Exclusion",
    "Invitation",
    "ReportableAttribute",
    "Response",
    "Revision",
    "Source",
    "Survey",
    "Touchpoint",
]
