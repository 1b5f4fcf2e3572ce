"""Addresses below /reports/."""

from django.urls import path

from followups.reports import views

urlpatterns = [
    path("", views.reports, name="reports"),
    path("closure/", views.closure, name="report-closure"),
    path("times/", views.times, name="report-times"),
    path("causes/", views.causes, name="report-causes"),
    path("people/", views.people, name="report-people"),
    path("touchpoints/", views.touchpoints, name="report-touchpoints"),
    path("accounts/", views.accounts, name="report-accounts"),
    path("answers/", views.answers, name="report-answers"),
    path("promises/", views.promises, name="report-promises"),
]
