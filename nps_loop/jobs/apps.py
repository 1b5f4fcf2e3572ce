from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "nps_loop.jobs"
    label = "jobs"
    verbose_name = "Long work"
    default_auto_field = "django.db.models.BigAutoField"
