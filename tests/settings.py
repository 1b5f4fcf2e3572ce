"""The settings of a test run: the embedded default unless DATABASE_URL says otherwise; nothing of a developer's own."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Each process of a run (pytest-xdist starts several) writes to a folder of its own, gone at the end.
_data = tempfile.mkdtemp(prefix="nps-loop-tests-")
_owner = os.getpid()


@atexit.register
def _remove_data() -> None:
    # Forked children end through here as well.
    if os.getpid() == _owner:
        shutil.rmtree(_data, ignore_errors=True)


os.environ["ENV_FILE"] = os.devnull
os.environ["DATA_DIR"] = _data
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 40
os.environ["SITE_URL"] = "http://testserver"
for _name in ("DEBUG", "DEMO", "EMAIL_URL", "ALLOWED_HOSTS", "SECRET_KEY_FALLBACKS", "TIME_ZONE", "REPLY_DOMAIN"):
    os.environ.pop(_name, None)

from nps_loop.settings import *  # noqa: E402, F403
from nps_loop.settings import DATABASES, LOGGING, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file and not memory: threads and processes of one test then meet as they do in a deployment.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_data) / "test.sqlite3")}
else:
    # Each test process has few threads, and several processes share one server.
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 0, "max_size": 60, "timeout": 10}

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
# Hashed names would need collectstatic before each run.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Messages go nowhere unless a test asks for `redis_server`; what they announce is called by name.
CELERY_BROKER_URL = "memory://"
# The client of a test logs in without a request; the lock-out has tests of its own that switch it on.
AXES_ENABLED = False
LOGGING["loggers"]["mail.log"] = {"level": "WARNING"}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MAIL_SERVER = True
# What undo does has tests of its own, which switch it on; the others look at the mail at once.
UNDO_SECONDS = 0
