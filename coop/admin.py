"""Django's admin, for looking only: officers see what the privacy of each field allows, and nobody changes anything.

Loaded before the models are; everything that needs them waits for `ready()`.
"""
# ruff: noqa: ANN401, SLF001 - signatures and names of Django's own admin

import re
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, cast

from django.apps import apps
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from coop.people.privacy import Audience

OUR_APPS = ("coop", "people", "record", "governance", "payments", "tasks")
EVERYBODY_SEES = {Audience.PUBLIC, Audience.MEMBERS}
OFFICERS_SEE = {Audience.CLIENT, Audience.OFFICERS}
# The rights that need to see what is for officers or for a client, by table, else by app (governance.models.Right).
MONEY = {"handles_money", "checks_the_books"}
NEEDS = {
    "payments": MONEY, "people": MONEY, "tasks": {"reads_reports"}, "governance.pauserequest": {"asks_for_pauses"},
    "governance.pause": {"asks_for_pauses"},
}  # fmt: skip
# A row is its client's by so many steps at most, as an attempt by its message.
DEEPEST = 4
ACCOUNT = re.compile(r"member:(\d+):")


class AdminConfig(DjangoAdminConfig):
    """Puts our site in the place of Django's and shows it every model of ours."""

    default_site = "coop.admin.Site"

    def ready(self) -> None:
        """Register each model that has a field officers may see."""
        super().ready()
        for label in OUR_APPS:
            for model in apps.get_app_config(label).get_models():
                if shown(model) and not admin.site.is_registered(model):
                    admin.site.register(model)


def shown(model: type[Model], rights: Collection[str] | None = None) -> list[str]:
    """Return the fields of a model that an officer with these rights may see, or that some officer may see.

    None that is for the person, the parties or nobody; what is for officers or a client only by a right that needs it.
    A model whose very rows are nobody's to count, as ballots, has none.
    """
    audiences = getattr(model, "privacy_audiences", {})
    if audiences.get(model._meta.pk.name) == Audience.NOBODY:
        return []
    needs = NEEDS.get(model._meta.label_lower, NEEDS.get(model._meta.app_label, set()))
    sees = EVERYBODY_SEES | (OFFICERS_SEE if rights is None or needs & set(rights) else set())
    return [field.name for field in model._meta.concrete_fields if audiences.get(field.name) in sees]


def client_path(model: type[Model]) -> str:
    """Return by which fields a row belongs to a client's compartment, as job__client; empty where none does.

    What members say to officers about a client's task, as a report, is no client's; nor is the money of the books.
    """
    return _client_path(model._meta.label)


@cache
def _client_path(label: str) -> str:
    model: type[Model] = apps.get_model(label)
    if model._meta.app_label == "payments" or set(model.privacy_audiences.values()) <= {Audience.OFFICERS}:  # type: ignore[attr-defined]
        return ""
    ways: list[tuple[str, type[Model]]] = [("", model)]
    for before, where in ways:
        for field in where._meta.concrete_fields:
            way = f"{before}{field.name}"
            if field.related_model is apps.get_model("people.Client"):
                return way
            if field.related_model and field.related_model not in {model, where} and way.count("__") < DEEPEST:
                ways.append((f"{way}__", field.related_model))
    return ""


def concerned(row: Model) -> list[int]:
    """Return the numbers of the people whom a row is about: itself, whom it names, whose account it is."""
    from coop.people.models import Person  # noqa: PLC0415 - see the module

    if isinstance(row, Person):
        return [row.pk]
    named = [getattr(row, f.attname) for f in row._meta.concrete_fields if f.related_model is Person]
    owner = ACCOUNT.match(getattr(row, "code", ""))
    return [number for number in named if number] + ([int(owner[1])] if owner else [])


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Shows rows and changes none; each look at a row is written down where everybody can read it."""

    actions = None
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never: rows come from acts."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never: rows change by acts."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Whoever may enter the admin may look, at tables of which a right of theirs shows something."""
        return self.admin_site.has_permission(request) and bool(shown(self.model, _rights(request)))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As has_view_permission."""
        return self.admin_site.has_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what the privacy of each field allows."""
        return shown(self.model, _rights(request))

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the same for the list."""
        return shown(self.model, _rights(request))

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """Link a row only when its own number may be seen."""
        key = self.model._meta.pk.name
        return [key] if key in list_display else None

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the rows; of clients' only those of the cooperative, and of whom the officer said why they look."""
        rows, path = super().get_queryset(request), client_path(self.model)
        closed = Q(**{f"{path}__is_cooperative": False}) & ~Q(**{f"{path}__in": _open_to(request)}) if path else Q()
        return rows.exclude(closed) if path else rows

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search nothing: a search would tell what the columns do not show."""
        return queryset, False

    def lookup_allowed(self, lookup: str, value: object, request: HttpRequest) -> bool:
        """Filter by nothing: how many rows an address finds would tell, letter by letter, what no column shows."""
        return False

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Show no other model's rows inside."""
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one row, its look written down; refuse one whose number is nobody's business."""
        if self.model._meta.pk.name not in shown(self.model, _rights(request)):
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        if request.method == "GET":
            row = self.get_object(request, object_id)
            _note_look(request, f"{self.opts.model_name}:{object_id}"[:80], [row] if row else [])
        return super().change_view(request, object_id, form_url, extra_context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Lead to the row, where the look is written down: rows have no history here, and a row's name is the row's."""
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", object_id)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show a list; where it shows more than members see, the look is written down for each person on it."""
        answer = super().changelist_view(request, extra_context)
        listed = getattr(answer, "context_data", None)
        more = shown(self.model, _rights(request)) != shown(self.model, ())
        if client_path(self.model) and not _open_to(request):
            messages.info(request, _("Rows of clients are shown once you have said why you look: /offices/reasons/"))
        if listed and "cl" in listed and (more or client_path(self.model)):
            _note_look(request, f"list:{self.opts.model_name}", listed["cl"].result_list)
        return answer


class Site(admin.AdminSite):
    """The admin of officers in office."""

    site_header = _("Workhall, for officers: looking only")
    site_title = _("For officers")
    index_title = _("What is kept")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in whoever holds an office now; no flag on an account does."""
        return _held(request)[0]

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send to the one way to sign in."""
        return redirect(settings.LOGIN_URL)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Send to the one way to change a password."""
        return redirect("account_change_password")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register models for looking only, whatever admin class is given; third-party ones not at all."""
        models: list[Any] = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        ours = [model for model in models if model._meta.app_label in OUR_APPS]
        name = f"Look{(admin_class or LookOnly).__name__}"
        bases = (LookOnly,) if admin_class in {None, LookOnly} else (LookOnly, admin_class)
        super().register(ours, type(name, bases, {}), **options)


def _held(request: HttpRequest) -> tuple[bool, set[str]]:
    """Return whether whoever looks holds an office now, and its rights; asked once a request, as each table asks."""
    from coop import clock  # noqa: PLC0415 - see the module
    from governance import offices  # noqa: PLC0415 - see the module

    person, at = cast("Any", request.user), clock.now()
    if "held" not in request.__dict__:
        known = person.is_authenticated and (offices.is_officer(person, at), offices.rights_of(person, at))
        request.__dict__["held"] = known or (False, set())
    return cast("tuple[bool, set[str]]", request.__dict__["held"])


def _rights(request: HttpRequest) -> set[str]:
    """Return the rights of whoever looks."""
    return _held(request)[1]


def _open_to(request: HttpRequest) -> list[int]:
    """Return the numbers of the clients of whom whoever looks has said why."""
    from coop import clock  # noqa: PLC0415 - see the module
    from tasks import access_log  # noqa: PLC0415 - see the module

    person: Any = request.user
    return [reason.client_id for reason in access_log.running(person, at=clock.now())]


def _note_look(request: HttpRequest, subject: str, rows: Iterable[Model]) -> None:
    """Write down that somebody looked, for everybody and for each person whom the rows are about."""
    from coop import clock  # noqa: PLC0415 - see the module
    from coop.record import events  # noqa: PLC0415 - see the module
    from governance import watching  # noqa: PLC0415 - see the module
    from tasks import access_log  # noqa: PLC0415 - see the module

    person: Any = request.user
    events.write("admin.looked", by=person, subject=subject, at=clock.now())
    seen = list(rows)
    if seen and (path := client_path(type(seen[0]))):
        theirs = type(seen[0])._default_manager.filter(pk__in=[row.pk for row in seen]).values_list(path, flat=True)
        access_log.looked(theirs, subject, by=person, at=clock.now())
    people = {number for row in seen for number in concerned(row)}
    watching.note(people, subject=subject, right=None, by=person, at=clock.now())
