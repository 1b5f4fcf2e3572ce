from django.apps import AppConfig


class FollowupsConfig(AppConfig):
    name = "followups"
    verbose_name = "Follow-ups"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the one receiver on surveys' signal; register what surveys, mail, links and jobs ask of followups."""
        from django.db.models.signals import post_migrate

        from followups import exported, exporting, receivers, recounting, rollup_triggers, together
        from followups.reports.exports import asking, making
        from nps_loop.jobs import running

        receivers.connect()
        running.register(together.JOB_KIND, together.run_job)
        running.register(exporting.KIND, exporting.run_job)
        running.register(asking.KIND, making.run_job, lasts_long=True)
        exported.register()
        running.register(recounting.KIND, recounting.run_job)
        post_migrate.connect(rollup_triggers.after_migrate, sender=self)
