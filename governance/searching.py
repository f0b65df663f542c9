"""Finding what was said, by PostgreSQL's own search: words as they stand, and in English and Spanish forms."""

from dataclasses import dataclass

from django.db import connection
from django.db.models.functions import Coalesce
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from coop import markdown
from governance import folding, reading
from governance.models import Message, Thread

PAGE = 10
LONGEST_QUESTION = 200
MOST_THREADS = 5
# No words of anybody hold them: what stands between is what was found.
OPENS, CLOSES = "\x02", "\x03"

ASKED = """
    SELECT websearch_to_tsquery('pg_catalog.simple', %(words)s) || websearch_to_tsquery('pg_catalog.english', %(words)s)
        || websearch_to_tsquery('pg_catalog.spanish', %(words)s) AS query
"""
THREADS = f"""
WITH asked AS ({ASKED})
SELECT t.id FROM governance_thread t CROSS JOIN asked WHERE t.search @@ asked.query ORDER BY t.id DESC LIMIT %(most)s
"""  # noqa: S608 - put together from constants
# A message that was corrected is found by its last words. One row more than a page says whether there is a next.
MESSAGES = f"""
WITH asked AS ({ASKED}), found AS (
    SELECT m.id FROM governance_message m CROSS JOIN asked
    WHERE m.search @@ asked.query AND NOT EXISTS (
        SELECT FROM governance_message later
        WHERE later.corrects_id = coalesce(m.corrects_id, m.id) AND later.id > m.id
    )
    ORDER BY m.id DESC LIMIT %(most)s OFFSET %(skip)s
)
SELECT m.id, ts_headline('pg_catalog.simple', m.text, asked.query,
    'StartSel={OPENS}, StopSel={CLOSES}, MaxWords=40, MinWords=15, MaxFragments=1')
FROM found JOIN governance_message m USING (id) CROSS JOIN asked ORDER BY m.id DESC
"""  # noqa: S608 - likewise


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found, its thread's name, the part with the words asked for, marked; and if it is folded."""

    message: Message
    name: str
    part: str
    folded: bool = False

    @property
    def marked(self) -> SafeString:
        """Return the part as text in which what was asked for is strong."""
        before, *pieces = self.part.split(OPENS)
        marked = ((found, rest) for found, _mark, rest in (piece.partition(CLOSES) for piece in pieces))
        return format_html("{}{}", before, format_html_join("", "<strong>{}</strong>{}", marked))


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found: threads by their titles, a page of messages, and whether there are more."""

    threads: list[Thread]
    hits: list[Hit]
    more: bool


def search(words: str, *, page: int = 1) -> Found:
    """Return what was said with these words, the latest first; "in quotes", or, and -not are understood.

    Five queries at most, however much there is. Only whoever may read the assembly asks.
    """
    asked: dict[str, str | int] = {
        "words": markdown.plain(words)[:LONGEST_QUESTION],
        "most": PAGE + 1,
        "skip": (page - 1) * PAGE,
    }
    with connection.cursor() as cursor:
        cursor.execute(MESSAGES, asked)
        parts = dict(cursor.fetchall())
        cursor.execute(THREADS, asked | {"most": MOST_THREADS})
        by_title = [number for (number,) in cursor.fetchall()]
    written = Message.objects.select_related("author", "thread").filter(pk__in=list(parts)[:PAGE]).order_by("-id")
    shown = written.annotate(folded_by=folding.by_now(Coalesce("corrects", "pk")),
                             withheld_until=reading.withheld_until("corrects", "pk"))  # fmt: skip
    names = reading.all_names([message.thread for message in shown])
    hits = [
        Hit(one, names[one.thread_id], "" if one.withheld_until else parts[one.pk], one.folded_by is not None)
        for one in shown
    ]
    threads = list(Thread.objects.filter(pk__in=by_title).order_by("-id")) if page == 1 else []
    return Found(threads, hits, len(parts) > PAGE)
