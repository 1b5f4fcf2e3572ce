from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = "Surveys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the job runner who imports files."""
        from nps_loop.jobs import running
        from surveys import importing

        running.register(importing.JOB_KIND, importing.run_job)
