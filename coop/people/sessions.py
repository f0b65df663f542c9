"""Who is signed in: every page of theirs begins with these two queries."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from coop.database.kept import Given, Kept
from coop.people.models import Person

SESSION = Kept(lambda: Session.objects.filter(session_key=Given("key"), expire_date__gt=Given("at")))
PERSON = Kept(lambda: Person.objects.filter(pk=Given("person")))


class SessionStore(db.SessionStore):
    """Django's sessions in the database, found by a query that is written once."""

    def _get_session_from_db(self) -> Session | None:
        found = SESSION.first(key=self.session_key, at=timezone.now())
        if found is None:
            self._session_key = None
        return found


class Backend(AuthenticationBackend):
    """allauth's, which finds who is signed in by a query that is written once."""

    def get_user(self, user_id: int) -> Person | None:
        """Return the person of a session; None for one that is gone or may not sign in."""
        found = PERSON.first(person=user_id)
        return found if found and self.user_can_authenticate(found) else None
