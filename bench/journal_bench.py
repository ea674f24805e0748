#!/usr/bin/env python3
"""CPU per 1,000 journal lines, next to rsyslog reading the same journal (imjournal, written to a file).

journal_bench.py --ours 'CMD with {port} {dir}'
A journald of its own runs in a private mount namespace (root only); both sides follow it at the same time, so each line
is read by both. Ours is the agent with its journalctl, all patterns that ship looking at each line; the peer filters nothing.
burst: lines as fast as journald takes them; trickle: a few each second, as on a quiet node, less what the side does when nothing is logged. Less is better.
"""
import argparse, os, sys
from lib import *

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--ours", required=True)
ap.add_argument("--lines", type=int, default=20_000, help="lines of a burst")
ap.add_argument("--rounds", type=int, default=5)
ap.add_argument("--trickle", type=float, default=30, help="seconds of a trickle")
ap.add_argument("--per-second", type=int, default=20, help="lines of a trickle")
common_args(ap)
a = ap.parse_args()

if os.environ.get("BENCH_INSIDE") != "1":
    if os.geteuid() != 0:
        sys.exit("a journald of its own needs root")
    os.environ["BENCH_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])

tmp = workdir()
mount = lambda *words: subprocess.run(["mount", *words], check=True)
mount("--make-rprivate", "/")
mount("-t", "tmpfs", "tmpfs", "/run")
os.makedirs("/run/systemd/journal")
os.makedirs("/run/systemd/journald.conf.d")
with open("/run/systemd/journald.conf.d/bench.conf", "w") as f:
    f.write("[Journal]\nRateLimitIntervalSec=0\nReadKMsg=no\nSystemMaxUse=200M\n")
os.makedirs(tmp + "/log/journal")
mount("--bind", tmp + "/log", "/var/log")
open("/run/systemd/journal/flushed", "w").close()
journald = Proc([peer_bin(a, "systemd-journald")], tmp + "/journald.log")
SOCKET = "/run/systemd/journal/socket"
while not os.path.exists(SOCKET):
    journald.check()
    time.sleep(0.05)
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sender.connect(SOCKET)


def send(n, pause=0.0):
    """n lines such as a web server's, no two alike."""
    for i in range(n):
        text = f"GET /shop/item/{random.randint(1, 99999)} 200 {random.randint(100, 9999)} bytes in {i % 97} ms"
        sender.send(f"MESSAGE={text}\nPRIORITY=6\nSYSLOG_IDENTIFIER=web{i % 5}\n".encode())
        if pause:
            time.sleep(pause)


class Peer:
    def __init__(self):
        d = tmp + "/peer"
        os.makedirs(d)
        self.out = d + "/out.log"
        with open(os.path.join(a.peers, "rsyslog-modules")) as f:
            modules = f.read().strip()
        with open(d + "/rsyslog.conf", "w") as f:
            f.write(f'global(workDirectory="{d}")\n'
                    f'module(load="imjournal" StateFile="{d}/state" IgnorePreviousMessages="on" Ratelimit.Interval="0")\n'
                    f'action(type="omfile" file="{self.out}" template="RSYSLOG_FileFormat")\n')
        self.proc = Proc([peer_bin(a, "rsyslogd"), "-n", "-f", d + "/rsyslog.conf", "-i", d + "/pid", "-M", modules], d + "/log")

    def count(self):
        if not os.path.exists(self.out):
            return 0
        with open(self.out, "rb") as f:
            return sum(b" web" in line for line in f)


class Ours:
    def __init__(self):
        d = tmp + "/ours"
        os.makedirs(d)
        port = free_port()
        self.proc = Proc(fill(a.ours, port=port, dir=d), d + "/log")
        self.client = Client(f"http://127.0.0.1:{port}/metrics?name%5B%5D=vigie_source_lines_total")
        wait_200(self.proc, f"http://127.0.0.1:{port}/readyz")

    def count(self):
        for line in self.client.text()[1].splitlines():
            if line.startswith('vigie_source_lines_total{') and '"journal"' in line:
                return round(float(line.split()[-1]))
        return 0


sides = [Ours(), Peer()]
time.sleep(3)


def idle(seconds):
    """CPU seconds of each side while nothing is logged."""
    cpu = [s.proc.cpu() for s in sides]
    time.sleep(seconds)
    return [s.proc.cpu() - c for s, c in zip(sides, cpu)]


def shot(n, pause, besides=(0, 0)):
    """CPU milliseconds per 1,000 lines of each side, less what it does besides."""
    base = [s.count() for s in sides]
    cpu = [s.proc.cpu() for s in sides]
    send(n, pause)
    limit = time.perf_counter() + 120
    if pause:  # asking costs the agent more than a few lines
        time.sleep(1)
        return [(s.proc.cpu() - c - b) / n * 1e6 for s, c, b in zip(sides, cpu, besides)]
    for s, before in zip(sides, base):
        while s.count() - before < n:
            s.proc.check()
            if time.perf_counter() > limit:
                sys.exit(f"{type(s).__name__} stuck at {s.count() - before} of {n}")
            time.sleep(0.5)
    return [(s.proc.cpu() - c) / n * 1e6 for s, c in zip(sides, cpu)]


shot(a.lines, 0)  # warm-up; what both need to start is not counted
rep = Report(f"journal_bench ours vs rsyslog imjournal, ms of CPU per 1,000 lines, median of {a.rounds}")
burst = [shot(a.lines, 0) for _ in range(a.rounds)]
rep.row("burst_ms_per_1000_lines", *(median(x[s] for x in burst) for s in (0, 1)))
if a.trickle:
    got = shot(int(a.trickle * a.per_second), 1 / a.per_second, idle(a.trickle + 1))
    rep.row(f"trickle_{a.per_second}_per_s_ms_per_1000", *got)
mem = [s.proc.mem() for s in sides]
rep.row("pss_mib", mem[0][1], mem[1][1])
rep.end(a.json)
