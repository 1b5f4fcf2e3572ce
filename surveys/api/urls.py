"""Answers of the API."""

from django.urls import path

from surveys.api import events, responses

urlpatterns = [
    path("responses/", responses.ResponseListView.as_view(), name="api-responses"),
    path("responses/bulk/", responses.ResponseBulkView.as_view(), name="api-responses-bulk"),
    path("events/", events.EventView.as_view(), name="api-events"),
    path("events/bulk/", events.EventBulkView.as_view(), name="api-events-bulk"),
    path("responses/<int:pk>/", responses.ResponseDetailView.as_view(), name="api-response"),
]
