"""Events from before they kept how their ticket stood get it as far as it can still be told.

State, times and evidence follow from the trail; owner, team and due times are those of today.
"""

from django.db import migrations

SAID_BEFORE = """
    UPDATE followups_event SET
        then_state = COALESCE((
            SELECT said.to_state FROM followups_event AS said
            WHERE said.ticket_id = followups_event.ticket_id AND said.seq <= followups_event.seq
                AND said.to_state <> ''
            ORDER BY said.seq DESC LIMIT 1
        ), 'new'),
        first_contact = COALESCE((
            SELECT CASE WHEN MIN(CASE WHEN owed.met_at <= owed.due_at THEN 0 ELSE 1 END) = 0 THEN 'in_time' ELSE 'later' END
            FROM followups_deadline AS owed
            WHERE owed.ticket_id = followups_event.ticket_id AND owed.cycle = 0 AND owed.target = 'first_contact'
                AND owed.met_at <= followups_event.recorded_at
            HAVING COUNT(*) > 0
        ), 'none')
    WHERE then_state = ''
"""
# Of the ticket: as it is now, and where it has a time not before that time.
AS_NOW = ("owner_id", "team_id", "nobody_to_reach", "left_in_peace", "resolution_due_at", "due_at", "due_for", "waiting_until", "customer_waits")
SINCE = ("told_at", "first_contact_at", "resolved_at", "closed_at")


def _of_ticket(column: str, condition: str = "") -> str:
    return (
        f"then_{column} = (SELECT now.{column} FROM followups_ticket AS now"
        f" WHERE now.id = followups_event.ticket_id {condition})"
    )


def fill(apps, schema_editor):
    connection = schema_editor.connection
    parts = [_of_ticket(column) for column in AS_NOW]
    parts += [_of_ticket(column, f"AND now.{column} <= followups_event.recorded_at") for column in SINCE]
    ends = [
        f"then_{column} = CASE WHEN then_state = '{state}' THEN COALESCE((SELECT now.{column} FROM followups_ticket"
        f" AS now WHERE now.id = followups_event.ticket_id), '') ELSE '' END"
        for column, state in (("closed_as", "closed"), ("dismissed_as", "dismissed"))
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM followups_event WHERE then_state = ''")
        if not cursor.fetchone()[0]:
            return
        cursor.execute(SAID_BEFORE)
        cursor.execute(f"UPDATE followups_event SET {', '.join(parts + ends)}")


class Migration(migrations.Migration):
    dependencies = [("followups", "0019_standing")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
