"""Addresses of the pages about tickets, promises and customers."""

from django.urls import URLPattern, URLResolver, include, path

from followups.views import (
    actions,
    customers,
    day,
    loop,
    people,
    presence,
    queue,
    saved,
    team,
    ticket,
    tickets,
    together,
    visits,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", day.home, name="home"),
    path("day/", day.day, name="day"),
    path("queue/", queue.queue_page, name="queue"),
    path("queue/together/", together.together, name="together"),
    path("queue/together/<int:number>/", together.together_job, name="together-job"),
    path("queue/changes/", queue.queue_changes, name="queue-changes"),
    path("views/", saved.views, name="views"),
    path("views/<int:number>/rename/", saved.rename, name="view-rename"),
    path("views/<int:number>/delete/", saved.delete, name="view-delete"),
    path("tickets/", tickets.tickets_page, name="tickets"),
    path("tickets/<int:number>/", ticket.ticket_page, name="ticket"),
    path("tickets/<int:number>/go/<slug:way>/", ticket.beside, name="ticket-beside"),
    path("tickets/<int:number>/considered/", ticket.considered_page, name="ticket-considered"),
    path("tickets/<int:number>/looking/", presence.looking, name="ticket-looking"),
    path("tickets/<int:number>/<slug:verb>/", ticket.act, name="ticket-verb"),
    path("team/", team.team, name="team"),
    path("reports/", include("followups.reports.urls")),
    path("actions/", actions.actions_page, name="actions"),
    path("contacts/<int:number>/", customers.contact, name="contact"),
    path("contacts/<int:number>/merge/", people.merge, name="contact-merge"),
    path("responses/<int:number>/whose/", people.whose, name="answer-whose"),
    path("accounts/<int:number>/", customers.account, name="account"),
    path("accounts/<int:number>/visit/", visits.visit, name="account-visit"),
    path("responses/<int:number>/open-ticket/", customers.open_ticket, name="open-ticket"),
    path("loop/<str:token>/", loop.loop, name="loop"),
]
