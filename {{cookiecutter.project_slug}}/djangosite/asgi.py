"""The ASGI application, which the function serves."""

import os
import warnings

from django.core.asgi import get_asgi_application

# Django warns of every static file, since WhiteNoise reads files without async.
warnings.filterwarnings("ignore", ".* must consume synchronous iterators")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "djangosite.settings")

application = get_asgi_application()
