"""What is said to a person is said in their language, whole."""

import html
import io
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMessage
from django.test import Client as Browser
from django.utils import translation

from coop import clock, demo, promises
from coop.people.models import Person
from coop.templatetags import parts
from governance import explaining, founding, founding_uses, notices
from governance.models import Proposal
from tests import translating
from tests.governance import charging
from tests.translating import FOLDER, LANGUAGES, catalog, translated

ROOT = Path(settings.BASE_DIR)
GROUND = ROOT / "governance"
PAGES = GROUND / "templates" / "governance"
# The style guide shows made-up pages to those who build real ones.
UNSAID = {ROOT / "coop" / "styleguide.py", ROOT / "coop" / "templates" / "styleguide.html"}
SAID = [
    path
    for app in ("coop", "governance", "payments", "tasks")
    for path in (ROOT / app).rglob("*")
    if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts and path not in UNSAID
]


def blanks(said: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[sd]", said))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    texts = translating.texts(SAID)
    assert len(texts) > 2100
    known = translated(language)
    assert not sorted(text for text in texts if not known.get(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_same_blanks(language: str) -> None:
    assert not [text for text, said in translated(language).items() if text and blanks(text) != blanks(said)]


def numbers(said: str) -> list[str]:
    """Return the numbers in a text, however its language groups their digits."""
    whole = re.sub(r"(?<=\d)[.,\u00a0\u202f ](?=\d)", "", re.sub(r"%\(\w+\)[sd]", "", said))
    return sorted(re.findall(r"\d+", whole))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_says_the_same_numbers(language: str) -> None:
    assert not [text for text, said in translated(language).items() if text and numbers(text) != numbers(said)]


@pytest.mark.django_db
def test_no_language_says_another_thing_of_a_proposal(
    amina: Person, signed_in: Callable[[Person], Browser], at: datetime
) -> None:
    """What an author wrote stands as written; what would change is told by code, in every language the same."""
    demo.populate(at)
    vote = Proposal.objects.exclude(published_at=None).latest("pk")
    told = {}
    for language, _name in settings.LANGUAGES:
        Person.objects.filter(pk=amina.pk).update(language=language)
        page = html.unescape(signed_in(Person.objects.get(pk=amina.pk)).get(f"/votes/{vote.pk}/").content.decode())
        assert f'<html lang="{language}"' in page
        assert vote.title in page
        assert all(line in page for line in vote.text.splitlines())
        with translation.override(language):
            seen = explaining.seen(vote, clock.now())
            told[language] = seen.what
            assert seen.what in page
    assert len({tuple(numbers(words)) for words in told.values()}) == 1
    assert len(set(told.values())) == len(settings.LANGUAGES)


def test_no_text_of_members_exists_in_two_languages() -> None:
    """A translation of a proposal could say something else; so there is none, and no place for one.

    What a skill is called is nothing to be voted: the cooperative words it in both its languages (decision 0258).
    """
    named = {
        (model.__name__, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()  # noqa: SLF001 - Django's own name
        if re.search(r"lang|locale|translat|_(en|es)$", field.name)
    }
    assert named == {
        ("Person", "language"), ("WorkType", "language"), ("Skill", "name_es"), ("Skill", "about_es"),
    }  # fmt: skip
    assert not [app for app in settings.INSTALLED_APPS if re.search(r"translation|parler|hvad", app)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    """Compile it with `uv run pybabel compile -d coop/locale -D django`."""
    compiled = io.BytesIO()
    write_mo(compiled, catalog(language))
    assert (FOLDER / language / "LC_MESSAGES" / "django.mo").read_bytes() == compiled.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_rules_of_conduct_are_translated(language: str) -> None:
    known = translated(language)
    assert not [words for _key, *both in founding.BYLAWS for words in both if not known.get(words)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_rules_and_numbers_are_translated(language: str) -> None:
    known = translated(language)
    said = [str(row["decision"]) for row in founding.RULES.values()]
    said += [name.replace("_", " ") for name in founding.PARAMETERS]
    assert not [words for words in said if not known.get(words)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_uses_of_data_are_translated(language: str) -> None:
    known = translated(language)
    said = {words for use in founding_uses.FIRST for words in (use.title, use.data, use.purpose, use.kept)}
    assert not sorted(words for words in said if not known.get(words))


def test_the_finder_reads_modules_and_templates() -> None:
    found = translating.texts([PAGES / "case.html", GROUND / "cases.py"])
    assert {"What we saw", "Nobody charges themselves.", "Case %(number)s", "What you have stays yours"} <= found


@pytest.mark.django_db
def test_a_person_reads_their_case_in_their_language(
    amina: Person, samuel: Person, signed_in: Callable[[Person], Browser]
) -> None:
    Person.objects.filter(pk=amina.pk).update(language="es")
    case = charging.charge(amina, samuel)
    page = signed_in(Person.objects.get(pk=amina.pk)).get(f"/cases/{case.pk}/").content.decode()
    for words in ('<html lang="es"', "Qué vimos", "Quién decide", "Dar mi respuesta", "El trabajo es propio",
                  "Trabajo entregado que se inventó o copió a sabiendas"):  # fmt: skip
        assert words in page
    english = signed_in(samuel).get(f"/cases/{case.pk}/").content.decode()
    assert "What we saw" in english


@pytest.mark.django_db
def test_a_notice_of_a_case_is_in_the_persons_language_and_says_nothing_of_it(
    amina: Person, samuel: Person, mailoutbox: list[EmailMessage]
) -> None:
    charged = charging.charge(amina, samuel)
    for language in ("es", "en", "tlh"):
        amina.language = language
        notices.deliver(amina, "opened", charged.pk)
    spanish, english, unknown = mailoutbox
    assert spanish.subject == f"El caso {charged.pk} trata de ti: léelo, por favor"
    assert "puedes apelar" in spanish.body
    assert english.subject == unknown.subject == f"Case {charged.pk} is about you: please read it"
    assert not [mail for mail in mailoutbox if charging.FACTS in mail.body or "copied" in mail.subject]


@pytest.mark.django_db
def test_the_language_is_chosen_on_the_page_about_me(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    assert "Español" in signed_in(amina).get("/me/").content.decode()


@pytest.mark.django_db
def test_a_refusal_is_read_in_the_persons_language(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    Person.objects.filter(pk=amina.pk).update(language="es")
    case = charging.unexplained(amina)
    page = signed_in(Person.objects.get(pk=amina.pk)).post(f"/cases/{case.pk}/say/explanation/", {"text": "y"})
    assert "Lo explica alguien con un cargo electo" in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_promise_of_the_database_is_translated(language: str) -> None:
    """What a guard refuses with is no text of ours to be found: it stands in the database."""
    known = translated(language)
    said = {sentence for promise in promises.standing() for sentence in promise.says}
    assert len(said) > 200
    assert not sorted(sentence for sentence in said if not known.get(sentence))


def test_a_founding_text_is_shown_in_the_readers_language_and_a_voted_one_as_it_was_voted() -> None:
    with translation.override("es"):
        assert parts.translated(str(founding.RULES["N10"]["decision"])) == "Una subida."
        assert parts.translated("A raise of anything.") == "A raise of anything."
