from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = "Surveys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the job runner who imports files, and links where survey pages are."""
        from nps_loop import links
        from nps_loop.jobs import running
        from surveys import importing
        from surveys.asking import letters

        links.targets[letters.PURPOSE] = letters.targets
        running.register(importing.JOB_KIND, importing.run_job)
