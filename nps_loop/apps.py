from django.apps import AppConfig


class NpsLoopConfig(AppConfig):
    name = "nps_loop"
    verbose_name = "nps_loop"

    def ready(self) -> None:
        """Register the system checks."""
        from nps_loop import checks  # noqa: F401
