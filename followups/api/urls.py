"""Tickets, verbs and reports of the API."""

from django.urls import path

from followups.api import contacts, reports, responses, tickets
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
    path("contacts/<int:contact>/", contacts.ContactDetailView.as_view(), name="api-contact"),
    path("contacts/<int:contact>/merge/", contacts.MergeView.as_view(), name="api-contact-merge"),
    path("contacts/<int:contact>/split/", contacts.SplitView.as_view(), name="api-contact-split"),
    path("reports/nps/", reports.NpsReportView.as_view(), name="api-report-nps"),
    path("reports/closure/", reports.ClosureReportView.as_view(), name="api-report-closure"),
]
