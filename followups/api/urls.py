"""Tickets, verbs and reports of the API."""

from django.urls import path

from followups.api import reports, responses, tickets
from followups.serializers.verbs import BODIES

urlpatterns = [
    path("tickets/", tickets.TicketListView.as_view(), name="api-tickets"),
    path("tickets/next/", tickets.NextTicketView.as_view(), name="api-ticket-next"),
    path("tickets/<int:number>/", tickets.TicketDetailView.as_view(), name="api-ticket"),
    *(
        path(f"tickets/<int:number>/{verb}/", tickets.TicketVerbView.as_view(verb=verb), name=f"api-ticket-{verb}")
        for verb in BODIES
    ),
    path("responses/<int:pk>/open-ticket/", responses.OpenTicketView.as_view(), name="api-response-open-ticket"),
    path("responses/<int:pk>/exclude/", responses.ExcludeView.as_view(), name="api-response-exclude"),
    path("reports/nps/", reports.NpsReportView.as_view(), name="api-report-nps"),
    path("reports/closure/", reports.ClosureReportView.as_view(), name="api-report-closure"),
]
