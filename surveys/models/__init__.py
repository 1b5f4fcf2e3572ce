from surveys.models.asking import Source, Survey, Touchpoint
from surveys.models.customers import Account, Brand, Contact, ContactKey
from surveys.models.responses import Response, Revision

__all__ = ["Account", "Brand", "Contact", "ContactKey", "Response", "Revision", "Source", "Survey", "Touchpoint"]
