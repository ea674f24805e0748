#!/usr/bin/env python3
"""Many TCP probes on one core: the agent in its own turns next to blackbox_exporter asked through /probe.

probes_bench.py --ours 'CMD --config {config}'
Both probe one listener, a child of this script, in the same seconds; both are pinned to one core, all else to the others. The
agent also watches the listener's port once a second, as it does for every target on its own host.
"""
import argparse, os, threading
from lib import *

LISTENER = """
import socket
s = socket.create_server(("127.0.0.1", %d), backlog=1024)
while True:
    s.accept()[0].close()
"""

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--ours", required=True, help="command line; {port} {dir} {config} are filled in")
ap.add_argument("--peer", default="blackbox_exporter3", choices=["blackbox_exporter", "blackbox_exporter3"])
ap.add_argument("-n", type=int, default=500, help="probes")
ap.add_argument("--every", type=int, default=5, help="seconds")
ap.add_argument("--warm", type=float, default=60)
ap.add_argument("--seconds", type=float, default=120)
ap.add_argument("--core", type=int, default=0)
common_args(ap)
a = ap.parse_args()
tmp = workdir()
rest = os.sched_getaffinity(0) - {a.core} or {a.core}
os.sched_setaffinity(0, rest)
pinned = ["taskset", "-c", str(a.core)]

target = free_port()
listener = Proc([sys.executable, "-c", LISTENER % target], os.path.join(tmp, "listener.log"))
wait_port(listener, target)

config, port = os.path.join(tmp, "agent.yaml"), free_port()
with open(config, "w") as f:
    f.write("node: bench\ncollector: relp://127.0.0.1:9\nprobes:\n")
    for i in range(a.n):
        f.write(f"  - {{name: p{i}, tcp: '127.0.0.1:{target}', every: {a.every}s, timeout: 2s}}\n")
ours = Proc(pinned + shlex.split(fill(a.ours, port=port, dir=tmp, config=config)), os.path.join(tmp, "ours.log"))
metrics = f"http://127.0.0.1:{port}/metrics"

peer_port, modules = free_port(), os.path.join(tmp, "blackbox.yml")
with open(modules, "w") as f:
    f.write("modules:\n  tcp_connect:\n    prober: tcp\n    timeout: 2s\n")
peer = Proc(pinned + [peer_bin(a, a.peer), f"--config.file={modules}", f"--web.listen-address=127.0.0.1:{peer_port}",
                      "--log.level=error"], os.path.join(tmp, "peer.log"))
wait_200(peer, f"http://127.0.0.1:{peer_port}/-/healthy")
wait_200(ours, metrics)

asked, late, stop = [0], [0], threading.Event()


def ask():
    """One kept connection for each target, in even turns, as a Prometheus with many targets does."""
    url = f"http://127.0.0.1:{peer_port}/probe?module=tcp_connect&target=127.0.0.1:{target}"
    clients = [Client(url, gz=False) for _ in range(a.n)]
    turn = time.perf_counter()
    while not stop.is_set():
        for c in clients:
            turn += a.every / a.n
            wait = turn - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            elif wait < -1:
                late[0] += 1
            if "\nprobe_success 1" not in c.text()[1]:
                sys.exit("peer: the open port is down")
            asked[0] += 1


threading.Thread(target=ask, daemon=True).start()


def counters():
    found = {}
    for line in Client(metrics).text()[1].splitlines():
        if line.startswith("vigie_probe_") and "{" not in line:
            name, value = line.split()[:2]
            found[name] = float(value)
        elif line.startswith("probe_success{"):
            found["up"] = found.get("up", 0) + float(line.split()[-1])
    return found


time.sleep(a.warm)
for p in (ours, peer):
    p.check()
begin, c0, n0, l0, t0 = counters(), [ours.cpu(), peer.cpu()], asked[0], late[0], time.perf_counter()
time.sleep(a.seconds)
took, c1, n1, l1, end = time.perf_counter() - t0, [ours.cpu(), peer.cpu()], asked[0], late[0], counters()
mem = [ours.mem(), peer.mem()]
stop.set()
runs = end["vigie_probe_runs_total"] - begin["vigie_probe_runs_total"]
rep = Report(f"probes_bench ours vs {a.peer}, {a.n} TCP probes every {a.every} s on one core, {took:.0f} s")
rep.row("runs_due", a.n / a.every * took, a.n / a.every * took)
rep.row("runs", runs, n1 - n0)
rep.row("cpu_s_per_1000", (c1[0] - c0[0]) / runs * 1000, (c1[1] - c0[1]) / (n1 - n0) * 1000)
rep.row("turns_skipped_or_late", end["vigie_probe_turns_skipped_total"] - begin["vigie_probe_turns_skipped_total"], l1 - l0)
rep.row("targets_up", end.get("up", 0), a.n)
rep.row("rss_mib", mem[0][0], mem[1][0])
rep.row("pss_mib", mem[0][1], mem[1][1])
rep.end(a.json)
