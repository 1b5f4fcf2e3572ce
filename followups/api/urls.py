"""Tickets, verbs, the workspace around them and reports of the API."""

from django.urls import path

from followups.api import absences, contacts, escalations, exports, reports, responses, reviews, tickets
from followups.serializers.verbs import BODIES

urlpatterns = [
    path("tickets/", tickets.TicketListView.as_view(), name="api-tickets"),
    path("tickets/next/", tickets.NextTicketView.as_view(), name="api-ticket-next"),
    path("tickets/<int:number>/", tickets.TicketDetailView.as_view(), name="api-ticket"),
    path("tickets/<int:number>/due/", tickets.TicketDueView.as_view(), name="api-ticket-due"),
    *(
        path(f"tickets/<int:number>/{verb}/", tickets.TicketVerbView.as_view(verb=verb), name=f"api-ticket-{verb}")
        for verb in BODIES
    ),
    path("responses/<int:pk>/open-ticket/", responses.OpenTicketView.as_view(), name="api-response-open-ticket"),
    path("responses/<int:pk>/exclude/", responses.ExcludeView.as_view(), name="api-response-exclude"),
    path("contacts/<int:contact>/", contacts.ContactDetailView.as_view(), name="api-contact"),
    path("contacts/<int:contact>/merge/", contacts.MergeView.as_view(), name="api-contact-merge"),
    path("contacts/<int:contact>/split/", contacts.SplitView.as_view(), name="api-contact-split"),
    path("escalations/", escalations.EscalationListView.as_view(), name="api-escalations"),
    path("escalations/<int:escalation>/", escalations.EscalationDetailView.as_view(), name="api-escalation"),
    path(
        "escalations/<int:escalation>/acknowledge/",
        escalations.EscalationAcknowledgeView.as_view(),
        name="api-escalation-acknowledge",
    ),
    path("absences/", absences.AbsenceListView.as_view(), name="api-absences"),
    path("absences/<int:away>/", absences.AbsenceDetailView.as_view(), name="api-absence"),
    path("absences/<int:away>/change/", absences.AbsenceChangeView.as_view(), name="api-absence-change"),
    path("absences/<int:away>/cancel/", absences.AbsenceCancelView.as_view(), name="api-absence-cancel"),
    path("people/<str:person>/working-week/", absences.WorkingWeekView.as_view(), name="api-working-week"),
    path("reviews/", reviews.ReviewListView.as_view(), name="api-reviews"),
    path("reviews/<int:review>/", reviews.ReviewDetailView.as_view(), name="api-review"),
    path("exports/", exports.ExportListView.as_view(), name="api-exports"),
    path("exports/<slug:what>.<slug:form>", exports.ExportNowView.as_view(), name="api-export-now"),
    path("exports/<int:export>/", exports.ExportDetailView.as_view(), name="api-export"),
    path("exports/<int:export>/file/", exports.ExportFileView.as_view(), name="api-export-file"),
    path("reports/nps/", reports.NpsReportView.as_view(), name="api-report-nps"),
    path("reports/closure/", reports.ClosureReportView.as_view(), name="api-report-closure"),
    path("reports/recovery/", reports.RecoveryReportView.as_view(), name="api-report-recovery"),
    path("reports/times/", reports.TimesReportView.as_view(), name="api-report-times"),
    path("reports/effect/", reports.EffectReportView.as_view(), name="api-report-effect"),
    path("reports/worth/", reports.WorthReportView.as_view(), name="api-report-worth"),
    path("reports/reopening/", reports.ReopeningReportView.as_view(), name="api-report-reopening"),
    path("reports/causes/", reports.CausesReportView.as_view(), name="api-report-causes"),
    path("reports/touchpoints/", reports.TouchpointsReportView.as_view(), name="api-report-touchpoints"),
    path("reports/accounts/", reports.AccountsReportView.as_view(), name="api-report-accounts"),
    path("reports/people/", reports.PeopleReportView.as_view(), name="api-report-people"),
    path("reports/response-rate/", reports.ResponseRateReportView.as_view(), name="api-report-response-rate"),
    path("reports/goals/", reports.GoalsReportView.as_view(), name="api-report-goals"),
    path("reports/signals/", reports.SignalsReportView.as_view(), name="api-report-signals"),
    path("reports/fairness/", reports.FairnessReportView.as_view(), name="api-report-fairness"),
]
