"""The settings of the Django site. What differs between this machine and Azure comes from app settings."""

import os
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from funcweb.route import as_root_path, route_prefix

BASE_DIR = Path(__file__).resolve().parent.parent

# local.settings.json sets this on a developer's machine, and is never deployed. Azure must not.
DEBUG = os.environ.get("DJANGO_DEBUG", "").lower() in ("1", "true")

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY") or ("insecure, for this machine only" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set the app setting DJANGO_SECRET_KEY, or DJANGO_DEBUG=true in local.settings.json.")

# Azure tells the function app's own host name. Custom domains are separated by commas.
HOSTS = f"{os.environ.get('WEBSITE_HOSTNAME', '')},{os.environ.get('DJANGO_ALLOWED_HOSTS', '')}"
ALLOWED_HOSTS = [host for host in HOSTS.replace(" ", "").split(",") if host]
if DEBUG:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]

# Azure's front end ends TLS.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [f"https://{'*' if host.startswith('.') else ''}{host}" for host in ALLOWED_HOSTS]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]  # host.json and Azure enforce TLS.

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "djangosite.hello",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "djangosite.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Azure mounts the package read-only, so DATABASE_URL must name a server there. Until it does, queries fail.
DATABASES = {"default": dj_database_url.config(default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}" if DEBUG else "")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
VALIDATORS = ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
AUTH_PASSWORD_VALIDATORS = [{"NAME": f"django.contrib.auth.password_validation.{name}Validator"} for name in VALIDATORS]
TIME_ZONE = "UTC"

# WhiteNoise serves what collectstatic, a step of build.py, has put into staticfiles/. The route prefix comes first.
STATIC_URL = f"{as_root_path(route_prefix())}/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_STATIC_PREFIX = "/static/"
STORAGES = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
if DEBUG:  # Here they come from where they are, unchanged.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
