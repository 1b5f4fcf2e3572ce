"""The addresses a deployment has that takes mail by webhooks."""

from django.urls import include, path

urlpatterns = [path("hooks/mail/", include("anymail.urls"))]
