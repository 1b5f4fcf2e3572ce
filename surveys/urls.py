"""Addresses of the pages on which answers come in, and of what survey tools send by themselves."""

from django.urls import URLPattern, path, re_path

from surveys import customer_views, views
from surveys.api.hooks import HookView

urlpatterns: list[URLPattern] = [
    path("import/", views.import_page, name="import"),
    path("import/<int:number>/", views.job_page, name="import-job"),
    path("import/<int:number>/begin/", views.begin, name="import-begin"),
    path("import/<int:number>/rejected.csv", views.rejections, name="import-rejections"),
    path("survey/embed.js", customer_views.embed, name="survey-embed"),
    re_path(r"^survey/{1,2}$", customer_views.survey, {"token": ""}),
    path("survey/<str:token>/", customer_views.survey, name="survey"),
    re_path(r"^survey-link/{1,2}$", customer_views.open_link, {"token": ""}),
    path("survey-link/<str:token>/", customer_views.open_link, name="survey-link"),
    path("hooks/<slug:slug>/", HookView.as_view(), name="hook"),
]
