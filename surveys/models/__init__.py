"""Customers, what we ask them, what they say."""

from surveys.models.asking import ReportableAttribute, Source, Survey, Touchpoint
from surveys.models.customers import Account, Brand, Contact, ContactKey
from surveys.models.erasing import ErasedKey, Erasure
from surveys.models.invitations import Invitation
from surveys.models.responses import Response, Revision

__all__ = [
    "Account",
    "Brand",
    "Contact",
    "ContactKey",
    "ErasedKey",
    "Erasure",
    "Invitation",
    "ReportableAttribute",
    "Response",
    "Revision",
    "Source",
    "Survey",
    "Touchpoint",
]
