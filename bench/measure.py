"""What the measuring scripts share: building, seeding SQLite, servers, wrk, rounds in which servers take turns, and the table.
What is measured is in `run` and `scale`; how PostgreSQL is started, in `cluster.py`.
"""
import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
UNLIMITED = "1000000000"


def target():
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def built():
    """Where the programs are that were built last."""
    return target() / "release"


def build():
    """Both packages share one folder, so that bugtome is built once for its tests of speed and once for itself."""
    env = dict(os.environ, CARGO_TARGET_DIR=str(target()))
    for folder in (ROOT, BENCH):
        subprocess.run(["cargo", "build", "--release"], cwd=folder, env=env, check=True)
    return built()


def seed(binaries, url, tickets, facts, *length):
    """Fills a database that has nothing in it yet, and says what to measure in it. The facts are written last: without them it is unfinished."""
    print(f"seeding {tickets} tickets in {url} …", file=sys.stderr)
    began = time.monotonic()
    subprocess.run([binaries / "seed", url, str(tickets), facts, *length], check=True)
    print(f"  seeded in {time.monotonic() - began:.0f} s", file=sys.stderr)


def seed_sqlite(binaries, folder, name, tickets, *length):
    """The file, seeded once, and its facts."""
    file, facts = folder / f"{name}.db", folder / f"{name}.json"
    if not facts.exists():
        for old in folder.glob(f"{name}.db*"):
            old.unlink()
        seed(binaries, f"sqlite://{file}", tickets, facts, *length)
    return file, json.loads(facts.read_text())


class Server:
    """A process that says `listening on` when it is ready."""

    def __init__(self, command, **environment):
        self.began = time.monotonic()
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ, **environment))
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.url = line.split()[-1]
                break
        else:
            raise SystemExit(f"{command[0]} did not start")
        self.ready = time.monotonic() - self.began

    def memory(self):
        """Resident and anonymous memory in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"{name}:\s+(\d+)", status)[1]) / 1024 for name in ("VmRSS", "RssAnon"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Bench:
    def __init__(self, folder, seconds):
        self.folder, self.seconds, self.runs = folder, seconds, 0

    def wrk(self, url, token, paths, clients=64, body=None):
        """Requests a second and the latencies in ms of one run of wrk over these paths in turn."""
        return self.finish_wrk(url, self.start_wrk(url, token, paths, clients, body))

    def start_wrk(self, url, tokens, paths, clients=64, body=None):
        """Starts a run. Several tokens take turns, each thread's beginning elsewhere."""
        tokens = [tokens] if isinstance(tokens, str) else tokens
        self.runs += 1
        script = self.folder / f"wrk-{self.runs % 8}.lua"
        quoted = ", ".join(json.dumps(path) for path in paths)
        method = f'"POST", paths[n % #paths + 1], headers, {json.dumps(body)}' if body else '"GET", paths[n % #paths + 1], headers'
        kind = '["Content-Type"] = "application/json", ' if body else ""
        each = ", ".join(f"{{{kind}Authorization = 'Bearer {token}'}}" for token in tokens)
        script.write_text(
            f"local paths = {{{quoted}}}\nlocal all = {{{each}}}\nlocal n = 0\nlocal threads = 0\n"
            "setup = function(thread) thread:set('first', threads * math.floor(#all / 2)) threads = threads + 1 end\n"
            f"request = function() n = n + 1 local headers = all[(n + first) % #all + 1] return wrk.format({method}) end\n"
            "done = function(summary, latency) io.write(string.format('RESULT %f %f %f %d\\n', "
            "summary.requests / summary.duration * 1000000, latency:percentile(50) / 1000, latency:percentile(99) / 1000, "
            "summary.errors.status + summary.errors.read + summary.errors.timeout)) end\n"
        )
        threads = min(2, clients)
        command = ["wrk", f"-t{threads}", f"-c{clients}", f"-d{self.seconds}s", "-s", script, url]
        return subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)

    def finish_wrk(self, url, process):
        out, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"wrk ended with {process.returncode}")
        rate, middle, late, errors = map(float, re.search(r"RESULT (\S+) (\S+) (\S+) (\S+)", out).groups())
        if errors:
            raise SystemExit(f"{errors:.0f} requests failed at {url}")
        return rate, middle, late

    def compare(self, servers, token, paths, clients=64, body=None):
        """Medians of three rounds in which the servers take turns, so that a noisy minute hits all of them."""
        return take_turns({name: lambda url=url: self.wrk(url, token, paths, clients, body) for name, url in servers.items()})


def take_turns(runs, rounds=3):
    """Medians of several rounds of runs, each of which answers with numbers."""
    results = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            results[name].append(run())
    return {name: tuple(statistics.median(column) for column in zip(*rows)) for name, rows in results.items()}


def fetch(url, token):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        return answer.headers, answer.read()


def ports():
    # Below those that the kernel gives to clients, of which a load uses many.
    for port in range(27101, 27999):
        yield port


def micros(url, token, rounds=200):
    """As `timed`, with a token."""
    return timed(url, {"Authorization": f"Bearer {token}"}, rounds)


def timed(url, headers, rounds=200):
    """Median time of one request after another, in µs: what a page costs, without queueing."""
    host = url.split("//")[1].split("/")[0]
    return timed_in_turn(host, [url.split(host)[1]], headers, rounds)


def timed_in_turn(host, paths, headers, rounds):
    """As `timed`, over several paths in turn."""
    connection = http.client.HTTPConnection(host)
    times = []
    for number in range(rounds):
        path = paths[number % len(paths)]
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - began)
        if answer.status != 200:
            raise SystemExit(f"{answer.status} from {host}{path}")
    return statistics.median(times) * 1e6


class Table:
    """What was measured, and whether it is good enough."""

    def __init__(self):
        self.rows = []

    def row(self, what, value, bar="", ok=None):
        self.rows.append((what, value, bar, "" if ok is None else ("met" if ok else "MISSED")))
        print(f"  {what}: {value}", file=sys.stderr)

    def print(self):
        head = ("what", "measured", "bar", "")
        widths = [max(len(row[at]) for row in [head, *self.rows]) for at in range(4)]
        print()
        for index, line in enumerate([head, *self.rows]):
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")
            if index == 0:
                print("| " + " | ".join("-" * width for width in widths) + " |")
