"""Every address of the site; each app brings its own."""

from importlib import import_module

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import cache_page
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from nps_loop import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("api/schema/", cache_page(3600)(SpectacularAPIView.as_view()), name="schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api_docs.html"),
        name="api-docs",
    ),
]


def _add(prefix: str, module: str) -> None:
    try:
        import_module(module)
    except ImportError as missing:  # while parts are being written
        print("urls:", module, missing)  # noqa: T201
        return
    urlpatterns.append(path(prefix, include(module)))


for name in ("surveys.api.urls", "followups.api.urls"):
    _add("api/v1/", name)
for name in ("nps_loop.people.urls", "nps_loop.jobs.urls", "nps_loop.mail.urls", "surveys.urls", "followups.urls"):
    _add("", name)
