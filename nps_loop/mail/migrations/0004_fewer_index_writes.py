"""A mail is written four times while it leaves; two of these now write no index."""

from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Made by Django for searches by the beginning of a Message-ID, which nobody asks for.
UNUSED = "mail_message_message_id_fd6a0095_like"


def leave_room(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """With room beside it, the next version of a row stands on its page, where its indexes lead anyway."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE mail_message SET (fillfactor = 70)")
        schema_editor.execute(f"DROP INDEX IF EXISTS {UNUSED}")


def leave_none(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE mail_message RESET (fillfactor)")
        schema_editor.execute(f"CREATE INDEX {UNUSED} ON mail_message (message_id varchar_pattern_ops)")


class Migration(migrations.Migration):
    dependencies = [("mail", "0003_pepper")]

    operations = [
        migrations.RemoveIndex(model_name="message", name="mail_lease_ran_out"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(condition=models.Q(("state", "sending")), fields=["id"], name="mail_on_its_way"),
        ),
        migrations.RunPython(leave_room, leave_none),
    ]
