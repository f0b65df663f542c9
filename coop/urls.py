"""Every address: the house's own pages, then one include per app."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from coop import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("how-we-decide/", views.how_we_decide, name="how_we_decide"),
    path("promises/", views.promises, name="promises"),
    path("health/", views.health, name="health"),
    path("demo/sign-in/", views.demo_sign_in, name="demo_sign_in"),
    path("account/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
]
# Until every part stands.
urlpatterns += [
    path("", include(name))
    for name in ("coop.styleguide", "tasks.urls", "payments.urls", "governance.urls")
    if find_spec(name)
]
