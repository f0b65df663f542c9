"""A database's address, in the one form that every tool understands, and in Django's."""

from urllib.parse import parse_qsl, unquote, urlsplit

from coop.database import calendar, pooled

# The same few statements over and over: planned once a connection, which halves what each look-up costs.
PREPARED = {"server_side_binding": True, "prepare_threshold": 3}
POOL = {"min_size": 1, "max_size": 8, "timeout": 10, "check": pooled.checked}


def form(url: str, *, pool: bool = True) -> dict[str, object]:
    """Turn postgresql://user:password@host:port/name?host=/socket into Django's form.

    `pool` keeps connections open between requests, shared by a process's threads. "none:" is no database at all, for
    checks that ask none. Days that Python has none of are read as far away ones from then on.
    """
    calendar.read()
    if url == "none:":
        return {"ENGINE": "django.db.backends.dummy"}
    parts = urlsplit(url)
    options: dict[str, object] = dict(parse_qsl(parts.query))
    host, port = options.pop("host", parts.hostname or ""), options.pop("port", parts.port or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**options, **PREPARED, **({"pool": POOL} if pool else {})},
    }
