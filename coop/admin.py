"""Django's admin, for looking only: officers see what the privacy of each field allows, and nobody changes anything.

Loaded before the models are; everything that needs them waits for `ready()`.
"""
# ruff: noqa: ANN401, SLF001 - signatures and names of Django's own admin

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from coop.people.privacy import Audience

OUR_APPS = ("coop", "people", "record", "governance", "payments", "tasks")
OFFICERS_SEE = {Audience.PUBLIC, Audience.MEMBERS, Audience.CLIENT, Audience.OFFICERS}


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


def shown(model: type[Model]) -> list[str]:
    """Return the fields of a model that an officer may see: none that is for the person, the parties or nobody.

    A model whose very rows are nobody's to count, as ballots, has none.
    """
    audiences = getattr(model, "privacy_audiences", {})
    if audiences.get(model._meta.pk.name) == Audience.NOBODY:
        return []
    return [field.name for field in model._meta.concrete_fields if audiences.get(field.name) in OFFICERS_SEE]


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
        """Whoever may enter the admin may look; see Site.has_permission."""
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As has_view_permission."""
        return self.admin_site.has_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what the privacy of each field allows."""
        return shown(self.model)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the same for the list."""
        return shown(self.model)

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """Link a row only when its own number may be seen."""
        key = self.model._meta.pk.name
        return [key] if key in list_display else None

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search nothing: a search would tell what the columns do not show."""
        return queryset, False

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Show no other model's rows inside."""
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one row, its look written down; refuse one whose number is nobody's business."""
        if self.model._meta.pk.name not in shown(self.model):
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        if request.method == "GET":
            _note_look(request, f"{self.opts.model_name}:{object_id}"[:80])
        return super().change_view(request, object_id, form_url, extra_context)


class Site(admin.AdminSite):
    """The admin of officers in office."""

    site_header = _("Workhall, for officers: looking only")
    site_title = _("For officers")
    index_title = _("What is kept")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in whoever holds an office now; no flag on an account does."""
        from coop import clock  # noqa: PLC0415 - see the module
        from governance import offices  # noqa: PLC0415 - see the module

        person: Any = request.user
        return person.is_authenticated and offices.is_officer(person, clock.now())

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


def _note_look(request: HttpRequest, subject: str) -> None:
    from coop import clock  # noqa: PLC0415 - see the module
    from coop.record import events  # noqa: PLC0415 - see the module

    person: Any = request.user
    events.write("admin.looked", by=person, subject=subject, at=clock.now())
