"""Addresses of the member's side of the work."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
