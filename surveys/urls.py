"""Addresses of the pages on which answers come in, and of what survey tools send by themselves."""

from django.urls import URLPattern, path

from surveys import views
from surveys.api.hooks import HookView

urlpatterns: list[URLPattern] = [
    path("import/", views.import_page, name="import"),
    path("import/<int:number>/", views.job_page, name="import-job"),
    path("import/<int:number>/begin/", views.begin, name="import-begin"),
    path("import/<int:number>/rejected.csv", views.rejections, name="import-rejections"),
    path("hooks/<slug:slug>/", HookView.as_view(), name="hook"),
]
