"""Addresses of the mailbox, and the page behind "do not ask me again"."""

from django.urls import path, re_path

from nps_loop.mail import views

urlpatterns = [
    path("mailbox/", views.mailbox_page, name="mailbox"),
    path("mailbox/<int:pk>/", views.mailbox_page, name="mail"),
    path("mailbox/<int:pk>/html/", views.mail_html, name="mail-html"),
    path("mailbox/<int:pk>/text/", views.mail_text, name="mail-text"),
    path("mailbox/<int:pk>/again/", views.send_again, name="mail-again"),
    path("mailbox/<int:pk>/came-back/", views.came_back, name="mail-came-back"),
    re_path(r"^unsubscribe/{1,2}$", views.unsubscribe, {"token": ""}),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
