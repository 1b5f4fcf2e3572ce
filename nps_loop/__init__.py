"""nps_loop closes the loop with customers: every unhappy answer gets an owner, an action and a last word."""

from nps_loop.celery import app as celery_app

__all__ = ["celery_app"]
