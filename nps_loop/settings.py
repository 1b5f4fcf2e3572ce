"""All settings, in one file, read from the environment (`.env.example` explains each name).

Three ways to run. *Local*: nothing is set, so everything lives in DATA_DIR and a secret is generated and kept there.
*Demo*: the same, started by `manage.py demo`. *Production*: others than this machine can reach it, because SITE_URL or
ALLOWED_HOSTS names another host, or SECRET_KEY is set; then SECRET_KEY is required and the start is refused without it.
"""

import os
import secrets
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from nps_loop.broker import broker_url

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
DEMO = env.bool("DEMO", default=False)
# What is set in the environment wins over the file. The demo reads no file: it must never meet a real deployment.
env_file = Path(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
if not DEMO and env_file.is_file():
    env.read_env(env_file)

# --- which way we run ------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
_named = {*env.list("ALLOWED_HOSTS", default=[]), urlsplit(env.str("SITE_URL", default="")).hostname or "localhost"}
LOCAL = not env.str("SECRET_KEY", default="") and _named <= {*LOCAL_HOSTS, "::1"}
PRODUCTION = not (DEBUG or DEMO or LOCAL)

# Everything a deployment writes to its own disk: SQLite, the embedded broker, static files, the generated secret.
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()


def _kept_secret(path: Path) -> str:
    """Return the secret kept in `path`, written on first use so that only this account can read it."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Written whole under another name first: of two programs that start at once, both read the same secret.
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix="secret-key-") as file:
            file.write(secrets.token_urlsafe(50))
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. It signs log-ins and the links in customers' mails, so a deployment (SITE_URL or "
            "ALLOWED_HOSTS names a host) does not start without one. Make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    SECRET_KEY = _kept_secret(DATA_DIR / "secret-key")
# Old secrets that still verify: put the previous SECRET_KEY here for as long as links signed with it may be open.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# --- addresses -------------------------------------------------------------------------------------------------

# Where people reach this deployment; every link in a mail is built from it, never from a request's Host header.
SITE_URL = env.str("SITE_URL", default="" if PRODUCTION else f"http://127.0.0.1:{env.int('PORT', default=8000)}")
SITE_URL = SITE_URL.rstrip("/")
_site = urlsplit(SITE_URL)
HTTPS = _site.scheme == "https"

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_site.hostname] if PRODUCTION and _site.hostname else LOCAL_HOSTS)
CSRF_TRUSTED_ORIGINS = [f"{_site.scheme}://{_site.netloc}"] if _site.netloc else []

# --- what is installed -----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "nps_loop",
    "nps_loop.people",
    "nps_loop.jobs",
    "nps_loop.mail",
    "nps_loop.webhooks",
    "surveys",
    "followups",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_standardized_errors",
    "rest_framework",
]

MIDDLEWARE = [
    "nps_loop.requestlog.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # CSRF tokens are masked anew in every page and Django pads what it compresses, so BREACH learns nothing.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "nps_loop.people.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "nps_loop.urls"
WSGI_APPLICATION = "nps_loop.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "followups.navigation.navigation",
                "followups.undoing.undoing",
            ],
        },
    },
]

# --- database --------------------------------------------------------------------------------------------------


def _database() -> dict[str, Any]:
    """Return the one database, with what each engine needs to behave under several writers."""
    config: dict[str, Any] = env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'nps_loop.sqlite3'}")
    options: dict[str, Any] = config.setdefault("OPTIONS", {})
    if config["ENGINE"] == "django.db.backends.sqlite3":
        if config["NAME"] != ":memory:":
            Path(config["NAME"]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # IMMEDIATE takes the write lock at BEGIN, so that waiting works: a deferred transaction that reads first and
        # writes later fails at once with "database is locked", whatever the time-out. WAL lets readers go on.
        options.setdefault("transaction_mode", "IMMEDIATE")
        options.setdefault("timeout", 20)
        options.setdefault("init_command", "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
    elif config["ENGINE"] == "django.db.backends.postgresql":
        # Enough for the threads of one process; a connection that died is replaced before it is handed out.
        options.setdefault("pool", {"min_size": 1, "max_size": 12, "timeout": 10})
        options.setdefault("connect_timeout", 5)
        # Every disk is read at random nearly as fast as in order by now. At the server's 4 it reads whole tables for
        # what an index finds: the tickets behind a figure took five times as long. And what it
        # takes for long it compiles first, which for a report takes longer than the answer.
        options.setdefault("options", "-c random_page_cost=1.1 -c jit=off")
        config["CONN_HEALTH_CHECKS"] = True
    return config


DATABASES = {"default": _database()}
# Whether PostgreSQL keeps the plans of what is asked all the time. A pooler that hands out a connection for each
# transaction must know about prepared statements for that (PgBouncer: max_prepared_statements above 0).
DATABASE_PREPARES = env.bool("DATABASE_PREPARES", default=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people ----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"

# Five wrong passwords from one address for one name lock that pair for a quarter of an hour: on /login/ and /admin/.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "nps_loop.requestlog.client_ip"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "nps_loop.people.views.locked_out"

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "nps_loop.people.lapsed_forms.refused"

# How long a mail that somebody sends from a page waits, so that it can be taken back. Tests that wait for mails set 0.
UNDO_SECONDS = 10

# --- the browser's side of security ----------------------------------------------------------------------------

# The proxy's X-Forwarded-Proto is read by gunicorn, and only from FORWARDED_ALLOW_IPS; Django trusts no header.
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "frame-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# --- static files ----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
# In production and in the demo files are collected once, hashed and compressed, and a browser asks for each only once;
# elsewhere they are served from where they lie.
COLLECTED = PRODUCTION or DEMO
WHITENOISE_USE_FINDERS = not COLLECTED
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if COLLECTED
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
MEDIA_ROOT = DATA_DIR / "files"

# In peace for so many days after a case has closed; then the recovery question may go out.
RECOVERY_AFTER_DAYS = env.int("RECOVERY_AFTER_DAYS", default=30)

# How many days what is not needed for good is kept; 0 keeps it.
KEPT_DAYS = {
    "raw_mails": env.int("KEEP_RAW_MAILS_DAYS", default=30),
    "mail_words": env.int("KEEP_MAIL_WORDS_DAYS", default=365),
    "attachments": env.int("KEEP_ATTACHMENTS_DAYS", default=365),
    "import_files": env.int("KEEP_IMPORT_FILES_DAYS", default=30),
    "exports": env.int("KEEP_EXPORTS_DAYS", default=7),
    "webhook_deliveries": env.int("KEEP_WEBHOOK_DELIVERIES_DAYS", default=90),
}

# --- languages and time ----------------------------------------------------------------------------------------

USE_TZ = True
# The reporting zone: which day an answer belongs to. Rows hold UTC.
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "locale"]

# --- mail ------------------------------------------------------------------------------------------------------

# Without EMAIL_URL nothing leaves the machine: mails are read in the app under /mailbox/.
# So in the demo always, whose customers are made up but whose addresses might not be.
MAIL_SERVER = bool(env.str("EMAIL_URL", default="")) and not DEMO
_email = (
    env.email_url("EMAIL_URL", default="dummymail://") if MAIL_SERVER else environ.Env.email_url_config("dummymail://")
)
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST = _email.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
# Seconds. A claim on a mail lasts at least four of these, so that no second worker sends what a slow one still holds.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"Customer care <care@{_site.hostname or 'localhost'}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Customers' replies go to <token>@REPLY_DOMAIN; the domain also ends every Message-ID.
REPLY_DOMAIN = env.str("REPLY_DOMAIN", default=_site.hostname or "localhost")

# Where customers' replies are fetched: imaps://user:password@host/INBOX. Empty: nothing is fetched.
INBOUND_URL = env.str("INBOUND_URL", default="") if not DEMO else ""
# "name:password" that mail providers send with their webhooks (/hooks/mail/<provider>/inbound/ and …/tracking/); needs
# the extra `providers`. What else django-anymail asks for one, such as ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY, is taken
# from the environment under its own name.
INBOUND_WEBHOOK_SECRET = env.str("INBOUND_WEBHOOK_SECRET", default="") if not DEMO else ""
ANYMAIL = {"WEBHOOK_SECRET": INBOUND_WEBHOOK_SECRET} | {
    name.removeprefix("ANYMAIL_"): value for name, value in os.environ.items() if name.startswith("ANYMAIL_")
}
# Whether mail to REPLY_DOMAIN comes in at all: then customers answer to a signed address, else to a person's own.
# Say so where it comes by a provider's webhook or `manage.py receive_mail` and no mailbox is read.
MAIL_COMES_IN = bool(INBOUND_URL or INBOUND_WEBHOOK_SECRET) or env.bool("INBOUND_MAIL", default=False)

# --- webhooks --------------------------------------------------------------------------------------------------

# Off, a webhook reaches the public internet by https only: its address is typed by a person, and must not lead from
# here to what stands behind the firewall. On, for receivers in one's own network, http and private addresses go too.
WEBHOOKS_TO_PRIVATE_ADDRESSES = env.bool("WEBHOOKS_TO_PRIVATE_ADDRESSES", default=False)

# --- Celery: the doorbell --------------------------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = broker_url(REDIS_URL, DATA_DIR)
# Every key of this deployment starts so; deployments and test workers can share one server.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": env.str("REDIS_KEY_PREFIX", default="nps_loop:"),
    # A page never waits for the broker: one try, short time-outs. The sweep finds what a lost message announced.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    # After a worker is killed its tasks come back after five minutes, looked for every ten seconds.
    "visibility_timeout": 300,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 270
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Work goes on without the broker: what it does is in the database, and doing it again is harmless.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=30)
CELERY_BEAT_SCHEDULE = {
    # A sweep that waited longer than one interval is already replaced by the next, so it expires.
    "sweep": {
        "task": "followups.tasks.sweep",
        "schedule": timedelta(seconds=SWEEP_SECONDS),
        "options": {"expires": SWEEP_SECONDS},
    },
}

# --- API -------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "nps_loop.people.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["nps_loop.api.permissions.ScopeAllows"],
    "DEFAULT_THROTTLE_CLASSES": ["nps_loop.people.throttles.PerMinute"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["nps_loop.api.parsing.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": [],
    "DEFAULT_PAGINATION_CLASS": "nps_loop.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "nps_loop.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "nps_loop.api.errors.ErrorAnswers",
    "EXCEPTION_FORMATTER_CLASS": "nps_loop.api.errors.ErrorShape",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "nps_loop",
    "DESCRIPTION": "Answers in, tickets out: record survey responses, work the follow-ups, read the figures.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # Warnings name every choice field whose values meet another's: each gets a name of its own here.
    "ENUM_NAME_OVERRIDES": {
        "TicketState": "followups.models.tickets.TicketState",
        "ActionState": "followups.models.work.Action.State",
        "ReviewState": "followups.models.reviews.Review.State",
        "ReviewDecisionState": "followups.models.reviews.ReviewDecision.State",
        "MailState": "nps_loop.mail.models.Message.State",
        "SurveyKind": "surveys.models.asking.Survey.Kind",
        "DismissReason": "followups.models.tickets.DismissReason",
        "WatchReason": "followups.models.trail.Watcher.Reason",
        "ContactOutcome": "followups.models.work.ContactAttempt.Outcome",
        "DecisionOutcome": "followups.models.trail.Decision.Outcome",
        "ErrorTypeValidation": "drf_standardized_errors.openapi_serializers.ValidationErrorEnum",
        "ErrorTypeClient": "drf_standardized_errors.openapi_serializers.ClientErrorEnum",
        "ErrorTypeServer": "drf_standardized_errors.openapi_serializers.ServerErrorEnum",
        "ErrorCode401": "drf_standardized_errors.openapi_serializers.ErrorCode401Enum",
        "ErrorCode403": "drf_standardized_errors.openapi_serializers.ErrorCode403Enum",
        "ErrorCode404": "drf_standardized_errors.openapi_serializers.ErrorCode404Enum",
        "ErrorCode405": "drf_standardized_errors.openapi_serializers.ErrorCode405Enum",
        "ErrorCode406": "drf_standardized_errors.openapi_serializers.ErrorCode406Enum",
        "ErrorCode415": "drf_standardized_errors.openapi_serializers.ErrorCode415Enum",
        "ErrorCode429": "drf_standardized_errors.openapi_serializers.ErrorCode429Enum",
        "ErrorCode500": "drf_standardized_errors.openapi_serializers.ErrorCode500Enum",
    },
    "POSTPROCESSING_HOOKS": ["drf_standardized_errors.openapi_hooks.postprocess_schema_enums"],
}

# --- logs ------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "nps_loop.requestlog.RequestFilter"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request"]},
    },
    "root": {"handlers": ["console"], "level": "WARNING" if DEMO else "INFO"},
    "loggers": {
        "django": {"level": "WARNING"},
        # Django writes these to a mail for ADMINS as well; here the console is the one place.
        "django.request": {"level": "ERROR"},
        "axes": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}
