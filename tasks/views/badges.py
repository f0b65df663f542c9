"""What one passed, as Open Badges 3.0 to take along."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from coop.people.views import me_of
from tasks import badges, certificates


@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """List what one passed."""
    found = badges.of(me_of(request))
    return render(request, "tasks/work/badges.html", {"badges": found, "key": certificates.public_key()})


@never_cache
@require_safe
@login_required
def one(request: HttpRequest, key: str) -> HttpResponse:
    """Hand out a badge as a JSON Web Token."""
    person = me_of(request)
    badge = next((badge for badge in badges.of(person) if badge.key == key), None)
    if badge is None:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="badge-{key}.jwt"'}
    return HttpResponse(badges.token(person, badge), content_type="application/jwt", headers=headers)
