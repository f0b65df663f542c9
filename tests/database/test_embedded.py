"""Our own PostgreSQL on one machine: closed to others, and back after whatever happened to it."""

import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from coop.database import embedded, roles
from coop.database.embedded import Cluster, Unavailable

SMALL = (("fsync", "off"), ("shared_buffers", "16MB"))


@pytest.fixture
def state() -> Iterator[Path]:
    """Return a folder for a cluster; what the cluster keeps elsewhere goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="workhall-state-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def query(cluster: Cluster, statement: str) -> object:
    with psycopg.connect(cluster.url("postgres", "postgres"), autocommit=True) as superuser:
        done = superuser.execute(statement)
        return done.fetchone() if done.description else None


def test_data_outlive_a_stop_and_a_kill(state: Path) -> None:
    with Cluster(state, SMALL).running() as cluster:
        query(cluster, "CREATE TABLE kept AS SELECT 1 AS one")
    with Cluster(state, SMALL).running() as cluster:
        assert query(cluster, "SELECT one FROM kept") == (1,)
        pid = int((cluster.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
    with Cluster(state, SMALL).running() as cluster:
        assert query(cluster, "SELECT one FROM kept") == (1,)


def test_a_stale_pid_file_of_a_running_stranger_does_not_block(state: Path) -> None:
    with Cluster(state, SMALL).running() as cluster:
        written = (cluster.data / "postmaster.pid").read_text()
    lines = [str(os.getppid()), *written.splitlines()[1:]]
    (cluster.data / "postmaster.pid").write_text("\n".join(lines))
    with Cluster(state, SMALL).running() as cluster:
        assert query(cluster, "SELECT 1") == (1,)


def test_the_last_to_leave_stops_it(state: Path) -> None:
    with Cluster(state, SMALL).running() as first:
        with Cluster(state, SMALL).running() as second:
            assert query(second, "SELECT 1") == (1,)
        assert query(first, "SELECT 1") == (1,)
    with pytest.raises(psycopg.OperationalError):
        query(first, "SELECT 1")


def test_nobody_else_can_read_the_passwords_or_reach_the_socket(state: Path) -> None:
    with Cluster(state, SMALL).running() as cluster:
        roles.create(cluster)
        kept = list((state / "secrets").iterdir())
        assert {path.name for path in kept} == {
            "postgres",
            "workhall_owner",
            "workhall_web",
            "workhall_auditor",
        }
        assert {mode(path) for path in kept} == {0o600}
        assert {mode(folder) for folder in (state / "secrets", cluster.home, cluster.data, cluster.socket_folder)} == {
            0o700
        }
        assert not (cluster.home / "first-password").exists()


def test_a_wrong_password_is_refused(state: Path) -> None:
    with Cluster(state, SMALL).running() as cluster:
        right = cluster.url("postgres", "postgres")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(right.replace(cluster.secret("postgres"), "guess"))


def test_a_path_too_long_for_a_socket_gets_a_short_private_folder(state: Path) -> None:
    deep = state / ("long" * 25)
    deep.mkdir()
    with Cluster(deep, SMALL).running() as cluster:
        assert query(cluster, "SELECT 1") == (1,)
        assert mode(cluster.socket_folder) == 0o700
        assert len(str(cluster.socket_folder)) < 60
        folder = cluster.socket_folder
    shutil.rmtree(folder)
    with Cluster(deep, SMALL).running() as cluster:
        assert query(cluster, "SELECT 1") == (1,)
    shutil.rmtree(cluster.socket_folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_a_project_in_a_closed_home_keeps_its_data_where_the_servers_account_may_go(state: Path) -> None:
    home = state / "home"
    home.mkdir(mode=0o700)
    with Cluster(home / "hall", SMALL).running() as cluster:
        assert cluster.home.parent == embedded.SYSTEM_HOME
        assert (home / "hall" / "postgres").resolve() == cluster.home
        assert query(cluster, "SELECT 1") == (1,)
    shutil.rmtree(cluster.home)
    assert mode(home) == 0o700


def test_data_of_another_version_are_left_alone(state: Path) -> None:
    with Cluster(state, SMALL).running() as cluster:
        pass
    (cluster.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(Unavailable, match="written by PostgreSQL 17"), Cluster(state, SMALL).running():
        pass


def test_a_full_disk_is_said_before_anything_is_made(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=1_000_000))
    with pytest.raises(Unavailable, match="Only 1 MB are free"), Cluster(state, SMALL).running():
        pass
    assert not (state / "postgres" / "data").exists()


def test_an_interrupted_first_start_leaves_nothing_half_made(state: Path) -> None:
    cluster = Cluster(state, SMALL)
    embedded.make_state(state)
    (cluster.home / "data.unfinished").mkdir()
    (cluster.home / "data.unfinished" / "PG_VERSION").write_text("18")
    with cluster.running():
        assert query(cluster, "SELECT 1") == (1,)


def test_a_server_of_ones_own_is_checked_before_it_is_used(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Cluster(state, SMALL).running() as cluster:
        with pytest.raises(Unavailable, match="does not answer as 'workhall_web'"):
            roles.check(cluster.url(roles.WEB, "postgres"), role=roles.WEB)
        with pytest.raises(Unavailable, match="must sign in as workhall_web"):
            roles.check(cluster.url("postgres", "postgres"), role=roles.WEB)
        roles.create(cluster)
        with pytest.raises(Unavailable, match="could shadow tables"):
            roles.check(cluster.url(roles.WEB, "postgres"), role=roles.WEB)
        roles.create_database(cluster)
        roles.check(cluster.url(roles.WEB, roles.DATABASE), role=roles.WEB)
        roles.check(cluster.url(roles.OWNER, roles.DATABASE), role=roles.OWNER)
        monkeypatch.setattr(roles, "MAJOR", "99")
        with pytest.raises(Unavailable, match="is PostgreSQL 18; Workhall needs 99"):
            roles.check(cluster.url(roles.WEB, roles.DATABASE), role=roles.WEB)


def test_the_public_may_not_enter_our_database(state: Path) -> None:
    with Cluster(state, SMALL).running() as cluster:
        roles.create(cluster)
        roles.create_database(cluster)
        query(cluster, "CREATE ROLE stranger LOGIN PASSWORD 'known'")
        url = cluster.url(roles.WEB, roles.DATABASE)
        url = url.replace(roles.WEB, "stranger").replace(cluster.secret(roles.WEB), "known")
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url)


def test_the_server_does_not_run_as_root(state: Path) -> None:
    with Cluster(state, SMALL).running() as cluster:
        pid = (cluster.data / "postmaster.pid").read_text().splitlines()[0]
        assert Path(f"/proc/{pid}").stat().st_uid != 0
