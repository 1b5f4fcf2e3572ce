"""Coming in and going out."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from nps_loop.people import views

urlpatterns = [
    path("login/", views.LogIn.as_view(), name="login"),
    # By POST only: neither a link nor a prefetch logs anybody out.
    path("logout/", LogoutView.as_view(), name="logout"),
]
