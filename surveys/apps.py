from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = "Surveys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the job runner who imports files and erases people, and erasing what mail and jobs hold of them."""
        from nps_loop import erasing
        from nps_loop.jobs import erasing as jobs
        from nps_loop.jobs import running
        from nps_loop.mail import erasing as mail
        from surveys import erasing as people
        from surveys import importing

        running.register(importing.JOB_KIND, importing.run_job)
        running.register(people.KIND, people.run_job)
        erasing.erasers += [mail.erase, jobs.erase]
