"""Addresses of the pages on which answers come in, and of what survey tools send by themselves."""

from django.urls import URLPattern, path, re_path

from surveys import customer_views, set_up_views, views
from surveys.api.hooks import HookView

urlpatterns: list[URLPattern] = [
    path("import/", views.import_page, name="import"),
    path("import/<int:number>/", views.job_page, name="import-job"),
    path("import/<int:number>/begin/", views.begin, name="import-begin"),
    path("import/<int:number>/rejected.csv", views.rejections, name="import-rejections"),
    path("surveys/", set_up_views.surveys_page, name="surveys"),
    path("surveys/new/", set_up_views.survey_page, name="survey-new"),
    path("surveys/<int:number>/", set_up_views.survey_page, name="survey-set-up"),
    path("surveys/<int:number>/wording/", set_up_views.wording_page, name="survey-language"),
    path("surveys/<int:number>/wording/<str:language>/", set_up_views.wording_page, name="survey-wording"),
    path("surveys/<int:number>/round/", set_up_views.start_round, name="survey-round"),
    path("surveys/<int:number>/link/", set_up_views.new_link, name="survey-new-link"),
    path("surveys/<int:number>/secret/", set_up_views.new_secret, name="survey-new-secret"),
    path("surveys/<int:number>/preview/<str:language>/", set_up_views.preview, name="survey-preview"),
    path("surveys/<int:number>/preview/<str:language>/mail/", set_up_views.mail_preview, name="survey-mail-preview"),
    path("surveys/<int:number>/preview/<str:language>/<str:stage>/", set_up_views.preview, name="survey-preview-of"),
    path("survey/embed.js", customer_views.embed, name="survey-embed"),
    re_path(r"^survey/{1,2}$", customer_views.survey, {"token": ""}),
    path("survey/<str:token>/", customer_views.survey, name="survey"),
    re_path(r"^survey-link/{1,2}$", customer_views.open_link, {"token": ""}),
    path("survey-link/<str:token>/", customer_views.open_link, name="survey-link"),
    path("hooks/<slug:slug>/", HookView.as_view(), name="hook"),
]
