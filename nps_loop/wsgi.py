"""The WSGI callable that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nps_loop.settings")

application = get_wsgi_application()

# All this stays for as long as the process: the collector need not look through it again and again.
gc.freeze()
