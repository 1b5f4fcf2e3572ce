"""Addresses of the mailbox, and the page behind "do not ask me again"."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path, re_path

from nps_loop.mail import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("mailbox/", views.mailbox_page, name="mailbox"),
    path("mailbox/<int:pk>/", views.mailbox_page, name="mail"),
    path("mailbox/<int:pk>/html/", views.mail_html, name="mail-html"),
    path("mailbox/<int:pk>/text/", views.mail_text, name="mail-text"),
    path("mailbox/<int:pk>/again/", views.send_again, name="mail-again"),
    path("mailbox/<int:pk>/came-back/", views.came_back, name="mail-came-back"),
    re_path(r"^unsubscribe/{1,2}$", views.unsubscribe, {"token": ""}),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
]

if settings.INBOUND_WEBHOOK_SECRET:
    # /hooks/mail/<provider>/inbound/ and …/tracking/, as django-anymail names them.
    urlpatterns.append(path("hooks/mail/", include("anymail.urls")))
