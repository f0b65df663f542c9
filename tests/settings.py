"""The site's settings for the tests: a folder and a database cluster of their own, everything else as it is served."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# A test that commits has its database made anew: some 1,500 files, which memory makes twenty times as fast as a disk.
MEMORY, ROOM = Path("/dev/shm"), 4 << 30  # noqa: S108 - a folder of its own name is made in it

# The first process of a run names the folder; the others (one per core) find the name in their environment.
if "WORKHALL_TEST_STATE" not in os.environ:
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    os.environ["WORKHALL_TEST_STATE"] = tempfile.mkdtemp(prefix="workhall-test-", dir=MEMORY if roomy else None)
    atexit.register(shutil.rmtree, os.environ["WORKHALL_TEST_STATE"], ignore_errors=True)
os.environ["WORKHALL_STATE"] = os.environ["WORKHALL_TEST_STATE"]
# The server's account has to pass through.
Path(os.environ["WORKHALL_STATE"]).chmod(0o711)
# Where whitenoise looks; nothing is collected.
Path(os.environ["WORKHALL_STATE"], "static").mkdir(exist_ok=True)

from coop.settings import *  # noqa: E402, F403 - the site's own settings, after the folder is named

SECRET_KEY = "only-for-tests"
PAYOUT_KEYS = ["a-key-for-tests-only-of-thirty-two-letters-or-more"]
# Argon2 is slow on purpose; tests of passwords themselves name their hasher.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Without collected files: names stay as they are in the source.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PROCRASTINATE_IMPORT_PATHS = ["tests.unhurried"]
