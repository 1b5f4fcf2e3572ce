"""Who is who: the keys under which one person's answers find each other. Pure.

A name is never a key. A mail address is one, everywhere; an id of theirs is one within its source. Behind a shared
mailbox (info@, office@) sit several people, so there the name is part of the key.
"""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from surveys.searching import normalise_for_search

KEY_LIMIT = 400

SHARED_MAILBOXES = frozenset((
    "accounting", "accounts", "accountspayable", "admin", "ap", "billing", "booking", "bookings", "careers", "contact",
    "customercare", "customerservice", "enquiries", "finance", "frontdesk", "hello", "help", "helpdesk", "hr", "info",
    "inquiries", "invoice", "invoices", "it", "legal", "mail", "marketing", "no-reply", "noreply", "office",
    "operations", "orders", "payables", "procurement", "purchasing", "reception", "reservations", "sales", "service",
    "services", "shipping", "support", "team", "webmaster",
    "anfrage", "bestellung", "buchhaltung", "einkauf", "empfang", "geschaeftsleitung", "kontakt", "kundendienst",
    "kundenservice", "logistik", "personal", "post", "rechnung", "rechnungen", "sekretariat", "versand", "vertrieb",
    "verwaltung", "zentrale",
    "administracion", "atencion", "clientes", "compras", "contabilidad", "contacto", "facturacion", "oficina",
    "pedidos", "recepcion", "soporte", "ventas",
    "accueil", "achats", "commandes", "compta", "comptabilite", "contacts", "direction", "facturation", "secretariat",
    "ventes",
))  # fmt: skip

# Addresses that nobody answers from: made for trying things out. Reserved names such as *.example are no proof of a
# test, because trial data uses them for customers; `.invalid` never belongs to anybody.
TEST_MAILBOXES = frozenset(("test", "tester", "testing", "testuser", "test-user", "test.user"))
TEST_DOMAINS = frozenset((
    "10minutemail.com", "dispostable.com", "guerrillamail.com", "maildrop.cc", "mailinator.com", "mailtrap.io",
    "sharklasers.com", "temp-mail.org", "tempmail.com", "throwawaymail.com", "trashmail.com", "yopmail.com",
))  # fmt: skip


def normalise_email(raw: str) -> str:
    """The one spelling of a mail address: trimmed, composed, in small letters. "" for what is not one address."""
    address = unicodedata.normalize("NFC", raw.strip()).lower()
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address


def is_shared_mailbox(email: str) -> bool:
    """Whether several people read this (normalised) address, judged by what stands before the @."""
    return email.partition("@")[0].partition("+")[0] in SHARED_MAILBOXES


def is_test_address(email: str) -> bool:
    """Whether this (normalised) address was made for trying things out."""
    mailbox, _, domain = email.rpartition("@")
    return mailbox.partition("+")[0] in TEST_MAILBOXES or domain in TEST_DOMAINS or domain.endswith(".invalid")


def email_key(email: str, name: str) -> str:
    """The `ContactKey` value of a (normalised) address; a shared mailbox carries the person's name too."""
    if not is_shared_mailbox(email):
        return email
    return f"{email}|{normalise_for_search(name)}"[:KEY_LIMIT]


def external_key(identifier: str) -> str:
    """The `ContactKey` value of an id of theirs: as it came, composed and trimmed. Large and small letters differ."""
    return unicodedata.normalize("NFC", identifier.strip())[:KEY_LIMIT]
