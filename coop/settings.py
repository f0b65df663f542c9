"""Every setting of the site, each from the environment and safe when unset."""

import json
import os
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.utils.csp import CSP

from coop.database import address

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(os.environ.get("WORKHALL_STATE", BASE_DIR / ".workhall"))


def _flag(name: str, *, default: bool) -> bool:
    """Read a yes/no environment variable; raise ValueError for anything but 0 or 1."""
    value = os.environ.get(name)
    if value not in {None, "0", "1"}:
        message = f"{name} must be 0 or 1, not {value!r}"
        raise ValueError(message)
    return default if value is None else value == "1"


def _secret(name: str) -> str:
    """Read a secret from the environment or from the 0600 file that `up` keeps in the state directory."""
    if name in os.environ:
        return os.environ[name]
    kept = STATE_DIR / "secrets" / name.lower()
    return kept.read_text().strip() if kept.exists() else os.urandom(32).hex()


def _keys(name: str) -> list[str]:
    """Read the keys that seal, newest first, as `_secret` does; none when there are none, and nothing is sealed."""
    kept = STATE_DIR / "secrets" / name.lower()
    return os.environ.get(name, kept.read_text() if kept.exists() else "").split()


def _mailer(url: str, provider: str = "", given: str = "{}") -> dict[str, object]:
    """Return where mail goes, in Django's form: by a provider's API, by SMTP, or, unset, into files to be looked at.

    `provider` is the name of one of Anymail's backends, as postmark, with its options `given` as JSON; `url` is
    smtp://user:password@host:587.
    """
    if provider:
        return {"BACKEND": f"anymail.backends.{provider}.EmailBackend", "OPTIONS": json.loads(given)}
    if not url:
        backend = "django.core.mail.backends.filebased.EmailBackend"
        return {"BACKEND": backend, "OPTIONS": {"file_path": STATE_DIR / "mail"}}
    parts = urlsplit(url)
    options = {
        "host": parts.hostname,
        "port": parts.port or 587,
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": True,
        "timeout": 20,
    }
    return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}


def _networks(text: str, *, served: bool) -> list[str]:
    """Return networks as 10.1.2.0/24; raise ValueError for what is none, and on a served site for itself."""
    found = [ip_network(network) for network in text.split()]
    if served and any(network.is_loopback or network.is_link_local for network in found):
        message = "WORKHALL_OUTGOING_ALSO_TO must name neither this machine nor its own link: clouds keep secrets there"
        raise ValueError(message)
    return [str(network) for network in found]


DEBUG = _flag("WORKHALL_DEBUG", default=False)
SECRET_KEY = _secret("SECRET_KEY")
# They seal where members' money goes (payments.envelopes). The first seals, all of them open; the database holds none.
PAYOUT_KEYS = _keys("PAYOUT_KEYS")
# Signs what was paid for each version of a data set (tasks.certificates); its public half stands in the record.
SIGNING_KEY = _secret("SIGNING_KEY")
# What payouts are ordered from, as "IBAN BIC Name of the account's owner".
BANK_ACCOUNT = os.environ.get("BANK_ACCOUNT", "")
# What the law where the house is asks to stand on an invoice, as a tax number and why no tax is added.
INVOICE_NOTE = os.environ.get("INVOICE_NOTE", "")
# PayPal's API with the site's own id and secret, as "https://ID:SECRET@api-m.paypal.com".
PAYPAL_URL = os.environ.get("PAYPAL_URL", "")
# Stripe's API with the site's own key, as "https://KEY@api.stripe.com", and what signs its webhooks, one for each place
# that sends them.
STRIPE_URL = os.environ.get("STRIPE_URL", "")
STRIPE_HOOKS = os.environ.get("STRIPE_HOOKS", "").split()
# Safaricom's Daraja with the app's key, its secret and the shortcode, as "https://KEY:SECRET@api.safaricom.co.ke/600000";
# the API operator as "NAME:PASSWORD"; the file of Safaricom's certificate.
MPESA_URL = os.environ.get("MPESA_URL", "")
MPESA_INITIATOR = os.environ.get("MPESA_INITIATOR", "")
MPESA_CERTIFICATE = os.environ.get("MPESA_CERTIFICATE", "")
# Wise's API with the business profile and its token, as "https://PROFILE:TOKEN@api.wise.com", and the file of the key
# that it signs webhooks with.
WISE_URL = os.environ.get("WISE_URL", "")
WISE_KEY = os.environ.get("WISE_KEY", "")
# The address the members type. Everything that must be strict on the open internet follows from its scheme.
ORIGIN = os.environ.get("WORKHALL_ORIGIN", "http://127.0.0.1:8000")
HTTPS = ORIGIN.startswith("https://")
ALLOWED_HOSTS = [urlsplit(ORIGIN).hostname or "127.0.0.1", "127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = [ORIGIN]

INSTALLED_APPS = [
    "tasks",
    "payments",
    "governance",
    "coop.record",
    "coop.people",
    "coop",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "coop.admin.AdminConfig",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "coop.people.middleware.Compartments",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "coop.packing.Gzip",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "coop.people.middleware.LocalTime",
    "coop.refusals.RefusalPage",
]

ROOT_URLCONF = "coop.urls"
WSGI_APPLICATION = "coop.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "coop" / "templates"],
        "OPTIONS": {
            "loaders": [("django.template.loaders.cached.Loader", ["coop.unindented.Folders", "coop.unindented.Apps"])],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "coop.views.frame",
            ],
            "builtins": ["coop.templatetags.parts"],
        },
    }
]

DATABASES = {"default": address.form(os.environ.get("DATABASE_URL", "postgresql:///workhall"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rate limits must be shared between the web processes: per-process memory doubles the guesses let through.
# What Django keeps at most by itself is 300: whoever tries as many names would have the limit of one forgotten.
CACHES = {
    "default": {
        "BACKEND": "coop.cache.PlainCache", "LOCATION": "coop_cache", "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}  # fmt: skip

AUTH_USER_MODEL = "people.Person"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["coop.people.sessions.Backend"]
SESSION_ENGINE = "coop.people.sessions"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "coop.people.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "coop.people.forms.Join"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "coop.people.models.display_name"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_UNIQUE_EMAIL = True
# Whoever changes address or password gives the password again, and the old address is told.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True

MAILERS = {
    "default": _mailer(
        os.environ.get("WORKHALL_SMTP_URL", ""),
        os.environ.get("WORKHALL_ANYMAIL", ""),
        os.environ.get("WORKHALL_ANYMAIL_OPTIONS", "{}"),
    )
}
DEFAULT_FROM_EMAIL = os.environ.get("WORKHALL_FROM_EMAIL", "Workhall <hello@workhall.example>")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "coop" / "locale"]
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["coop.formats"]
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = STATE_DIR / "static"
MEDIA_ROOT = STATE_DIR / "uploads"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "coop.storage.Static"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
# A data set of 100,000 rows is a few tens of megabytes; larger ones come in several deliveries.
DATASET_UPLOAD_MAX_BYTES = 64_000_000
# By the API, as one object a line, a million rows come in one request: they go to the disk as they arrive.
DATASET_STREAM_MAX_BYTES = 1_000_000_000
# What a client may keep here of data sets and files.
CLIENT_MAX_BYTES = int(os.environ.get("WORKHALL_CLIENT_GB", "50")) * 1_000_000_000
# Everywhere, not only where data sets are taken: a file over the bound is cut off while it arrives.
FILE_UPLOAD_HANDLERS = ["tasks.bounded.Bounded"]

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "media-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["coop.people.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "coop.people.scopes.Described",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "EXCEPTION_HANDLER": "coop.refusals.api_answer",
}
# How many calls a key of the API may make in a minute.
API_CALLS_A_MINUTE = int(os.environ.get("WORKHALL_API_CALLS_A_MINUTE", "6000"))
SPECTACULAR_SETTINGS = {
    "TITLE": "Workhall",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_NAME_OVERRIDES": {"ReviewRule": "tasks.models.ReviewRule", "JobReviewRule": "tasks.api.serializers.RULES"},
}

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "background"

# Networks beside the public ones to which webhooks may go and from which attachments may come, as 10.1.2.0/24: for a
# hall within one house. A site under https names neither itself nor its own link.
OUTGOING_ALSO_TO = _networks(os.environ.get("WORKHALL_OUTGOING_ALSO_TO", ""), served=HTTPS)

# The kinds of answer that the site knows, one module and one template each.
SHAPES = [
    "tasks.shapes.choice.Choice",
    "tasks.shapes.comparison.Comparison",
    "tasks.shapes.rating.Rating",
    "tasks.shapes.ranking.Ranking",
    "tasks.shapes.conversation.Conversation",
    "tasks.shapes.rewriting.Rewriting",
    "tasks.shapes.steps.Steps",
    "tasks.shapes.step_check.StepCheck",
    "tasks.shapes.spans.Spans",
    "tasks.shapes.freeform.Freeform",
    "tasks.shapes.moderation.Moderation",
    "tasks.shapes.image.Image",
    "tasks.shapes.frames.Frames",
    "tasks.shapes.recording.Transcription",
    "tasks.shapes.recording.Segments",
    "tasks.shapes.cuboids.Cuboids",
]

# What a vote can change: each app that owns a thing writes its policy. Listed as MIDDLEWARE is, checked at start.
GOVERNANCE_POLICIES = [
    "payments.policies.RateChange",
    "payments.policies.ReserveRaise",
    "payments.policies.FeeChange",
    "payments.policies.SurplusDivision",
    "payments.policies.BudgetVote",
    "payments.policies.PayoutMinimumChange",
    "payments.policies.PayoutDelayChange",
    "payments.policies.RoundingChange",
    "payments.policies.AcceptanceChange",
    "payments.policies.TimeLimitChange",
    "payments.policies.FloorChange",
    "payments.policies.AllocationChange",
    "payments.policies.QualificationChange",
    "payments.policies.OpeningChange",
    "payments.policies.RegionChange",
    "payments.policies.RailChange",
    "payments.policies.ReopeningChange",
    "payments.policies.CheckingChange",
    "payments.policies.DepositChange",
    "payments.policies.SupportChange",
    "payments.policies.NewKind",
    "governance.amending.RuleChange",
    "governance.amending.ParameterChange",
    "governance.conduct.BylawChange",
    "governance.data_uses.DataUseChange",
    "governance.posts.PostChange",
    "governance.expulsion.Expulsion",
    "governance.stopping.Stop",
    "governance.recalling.Recall",
    "governance.elections.Election",
]
# What compares the books each night with the work, the votes and the words that they speak of.
WALKS_OF_MONEY = "coop.audit.money"
# What falls due by time is true without a background job having run: asked before a member's pay is shown or paid out.
PAYMENTS_DUE = [
    "tasks.answers.hand_in_saved",
    "tasks.reviews.accept_silent",
    "payments.entitlements.settle",
    "payments.capital.redeem_due",
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
