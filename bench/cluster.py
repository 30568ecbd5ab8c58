"""PostgreSQL for the measuring scripts: a cluster of their own, with the programs of Debian's package or of the path, as `./test` finds them.
Its settings are the server's own but for the shared buffers; what is filed in it is synced. What is measured is in `scale`.
"""
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

# Below those that the kernel gives to clients, and not one that `ports` gives out.
PORT = 27090


def programs():
    installed = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if installed:
        return max(installed, key=lambda path: float(path.parent.name))
    if found := shutil.which("initdb"):
        return Path(found).parent
    raise SystemExit("there is no PostgreSQL: apt-get install postgresql")


class Cluster:
    def __init__(self, folder, shared_buffers):
        self.folder, self.programs, self.shared_buffers, self.running = folder / "postgres", programs(), shared_buffers, False
        # initdb and the server refuse to run as root.
        self.user = None
        if os.getuid() == 0:
            known = [entry.pw_name for entry in pwd.getpwall()]
            self.user = "postgres" if "postgres" in known else "nobody"
        if not (self.folder / "data").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.user:
                shutil.chown(self.folder, self.user)
            self.run("initdb", "--pgdata", self.folder / "data", "--username", "postgres", "--auth", "trust", "--encoding", "UTF8")

    def run(self, program, *arguments):
        command = [self.programs / program, *arguments]
        if self.user:
            command = ["runuser", "-u", self.user, "--", *command]
        subprocess.run([str(part) for part in command], cwd="/", check=True, stdout=subprocess.DEVNULL)

    def start(self, seeding=False):
        """Starts the server. For seeding, without a log and without waiting for the disk: that comes at the end, once for all."""
        settings = [f"-p {PORT}", f"-k {self.folder}", "listen_addresses=127.0.0.1", "max_connections=200", f"shared_buffers={self.shared_buffers}"]
        if seeding:
            settings += ["wal_level=minimal", "max_wal_senders=0", "fsync=off", "max_wal_size=8GB", "max_parallel_maintenance_workers=0"]
        options = " ".join(setting if setting.startswith("-") else f"-c {setting}" for setting in settings)
        self.run("pg_ctl", "start", "--wait", "--silent", "--timeout", "600", "--pgdata", self.folder / "data", "--log", self.folder / "log", "--options", options)
        self.running = True

    def stop(self):
        if self.running:
            self.running = False
            self.run("pg_ctl", "stop", "--wait", "--silent", "--timeout", "600", "--mode", "fast", "--pgdata", self.folder / "data")
            os.sync()

    def url(self, database):
        return f"postgres://postgres@127.0.0.1:{PORT}/{database}"

    def ask(self, database, question):
        """The answer of psql, as text."""
        command = [self.programs / "psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", self.url(database), "--command", question]
        return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout.strip()

    def databases(self):
        return self.ask("postgres", "SELECT datname FROM pg_database").split()

    def pgbench(self, database, script, clients, seconds, **variables):
        """Transactions a second of a script."""
        defined = [f"--define={name}={value}" for name, value in variables.items()]
        command = [self.programs / "pgbench", "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2", f"--time={seconds}", f"--file={script}", *defined, self.url(database)]
        outcome = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        rate = re.search(r"^tps = ([\d.]+)", outcome.stdout, re.MULTILINE)
        if outcome.returncode or not rate or re.search(r"failed transactions: [1-9]", outcome.stdout):
            raise SystemExit(f"pgbench: {outcome.stdout}{outcome.stderr}")
        return float(rate[1])
