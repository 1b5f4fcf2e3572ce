from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = "Surveys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the job runner, mail, links and erasing what they ask of us and whom they tell."""
        from nps_loop import erasing, links
        from nps_loop.jobs import erasing as jobs
        from nps_loop.jobs import running
        from nps_loop.mail import erasing as mail
        from nps_loop.mail import hooks
        from surveys import erasing as people
        from surveys import importing
        from surveys.asking import delivered, letters, open_links, planning

        links.targets[letters.PURPOSE] = letters.targets
        links.targets[open_links.PURPOSE] = open_links.targets
        running.register(importing.JOB_KIND, importing.run_job)
        running.register(planning.JOB_KIND, planning.plan_round)
        running.register(people.KIND, people.run_job)
        hooks.zones_of = delivered.zones_of
        hooks.before_handover.append(delivered.why_no_longer)
        hooks.accepted.append(delivered.accepted)
        hooks.failed.append(delivered.failed)
        hooks.skipped.append(delivered.skipped)
        erasing.erasers += [mail.erase, jobs.erase]
