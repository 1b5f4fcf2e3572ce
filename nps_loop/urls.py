"""Every address of the site; each app brings its own."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import cache_page
from drf_spectacular.views import SpectacularAPIView

from nps_loop import health
from nps_loop.api.pages import api_docs, no_such_address

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("api/schema/", cache_page(3600)(SpectacularAPIView.as_view()), name="schema"),
    path("api/docs/", api_docs, name="api-docs"),
    path("api/v1/", include("surveys.api.urls")),
    path("api/v1/", include("followups.api.urls")),
    path("api/v1/<path:rest>", no_such_address, name="api-no-such-address"),
    path("", include("nps_loop.people.urls")),
    path("", include("nps_loop.mail.urls")),
    path("", include("surveys.urls")),
    path("", include("followups.urls")),
]
