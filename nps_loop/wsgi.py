"""The WSGI callable that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nps_loop.settings")

application = get_wsgi_application()

# Whatever an address leads to is loaded now, not by the first who asks for it. All this stays for as long as the
# process: the collector need not look through it again and again.
get_resolver().url_patterns  # noqa: B018
gc.collect()
gc.freeze()
