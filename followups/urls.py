"""Addresses of the pages about tickets, promises and customers."""

from django.urls import URLPattern, URLResolver, include, path

from followups.views import actions, customers, loop, queue, team, templates, ticket, tickets, together, writing

urlpatterns: list[URLPattern | URLResolver] = [
    path("queue/", queue.queue_page, name="queue"),
    path("queue/together/", together.together, name="together"),
    path("tickets/", tickets.tickets_page, name="tickets"),
    path("tickets/<int:number>/", ticket.ticket_page, name="ticket"),
    path("tickets/<int:number>/go/<slug:way>/", ticket.beside, name="ticket-beside"),
    path("tickets/<int:number>/considered/", ticket.considered_page, name="ticket-considered"),
    path("tickets/<int:number>/drafts/<slug:verb>/", writing.draft, name="ticket-draft"),
    path("tickets/<int:number>/preview/<slug:verb>/", writing.preview, name="ticket-preview"),
    path("tickets/<int:number>/mails/<int:mail>/take-back/", writing.take_back, name="ticket-take-back"),
    path("tickets/<int:number>/follow/", writing.follow, name="ticket-follow"),
    path("tickets/<int:number>/<slug:verb>/", ticket.act, name="ticket-verb"),
    path("team/", team.team, name="team"),
    path("templates/", templates.templates_page, name="templates"),
    path("templates/new/", templates.edit, name="template-new"),
    path("templates/<int:number>/", templates.edit, name="template"),
    path("reports/", include("followups.reports.urls")),
    path("actions/", actions.actions_page, name="actions"),
    path("contacts/<int:number>/", customers.contact, name="contact"),
    path("accounts/<int:number>/", customers.account, name="account"),
    path("responses/<int:number>/open-ticket/", customers.open_ticket, name="open-ticket"),
    path("loop/<str:token>/", loop.loop, name="loop"),
]
