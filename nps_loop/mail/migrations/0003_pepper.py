import secrets

from django.db import migrations, models


def make_pepper(apps, schema_editor):
    apps.get_model("mail", "Pepper").objects.get_or_create(pk=1, defaults={"value": secrets.token_hex(32)})


class Migration(migrations.Migration):
    dependencies = [("mail", "0002_inbound")]

    operations = [
        migrations.CreateModel(
            name="Pepper",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.CharField(editable=False, max_length=64)),
            ],
            options={"constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_pepper")]},
        ),
        migrations.RunPython(make_pepper, migrations.RunPython.noop),
    ]
