"""Addresses below /reports/."""

from django.urls import path

from followups.reports import views

urlpatterns = [
    path("", views.reports, name="reports"),
    path("answers/", views.answers, name="report-answers"),
]
