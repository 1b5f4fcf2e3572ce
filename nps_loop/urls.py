"""Every address of the site; each app brings its own."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from nps_loop import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
]
for module in ("surveys.api.urls", "surveys.api_urls", "followups.api.urls", "followups.api_urls"):
    if find_spec(module.split(".")[0] + "." + module.split(".")[1]) and find_spec(module):
        urlpatterns.append(path("api/v1/", include(module)))
for module in ("nps_loop.people.urls", "nps_loop.jobs.urls", "nps_loop.mail.urls", "surveys.urls", "followups.urls"):
    if find_spec(module):
        urlpatterns.append(path("", include(module)))
