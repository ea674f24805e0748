#!/usr/bin/env python3
"""10,000 active alerts, posted by API v2, next to Alertmanager: memory that they add, and the request behind `alerts list`.

alerts_bench.py --collector FOLDER [--alerts 10000 --rounds 100 --settle 20]

FOLDER is collector/target/dist. Both sides get the same alerts in the same order, twice (a Prometheus says again and again that
an alert fires), and have a receiver that tells nobody. The request is filtered by one label, a two-hundredth of the alerts: ours
is GET /api/vigie/alerts as the command line sends it, and also /api/v2/alerts as Alertmanager has it. What the command itself
takes, its start with Java included, is printed beside it and has no peer.
"""
import argparse, os, resource
from datetime import datetime, timezone
from lib import *

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--collector", required=True)
ap.add_argument("--alerts", type=int, default=10000)
ap.add_argument("--rounds", type=int, default=100)
ap.add_argument("--settle", type=float, default=20, help="seconds before memory is read")
ap.add_argument("--peer", default="alertmanager", help="alertmanager (Debian's) or alertmanager3")
common_args(ap)
a = ap.parse_args()
tmp = workdir()
NODES = 200
start = datetime.now(timezone.utc).isoformat()


def alert(i):
    node = f"node-{i % NODES}"
    name = f"Alert{i // NODES % 50}"
    return {
        "labels": {"alertname": name, "node": node, "instance": f"{node}:9100", "job": "node", "severity": "warning",
                   "mountpoint": f"/srv/disk{i // NODES}"},
        "annotations": {"summary": f"{name} on {node}: what is wrong, in one sentence number {i}",
                        "description": "It has lasted for a while. Look first at the disk, then at who writes so much to it."},
        "startsAt": start,
        "generatorURL": f"http://prometheus.example/graph?g0.expr=up&g0.tab={i}"}


alerts = [alert(i) for i in range(a.alerts)]
ports = {"ours": free_port(), "peer": free_port()}
route = "route: {receiver: nobody, group_by: [alertname, node]}\nreceivers: [{name: nobody}]\n"
for side in ports:
    os.makedirs(f"{tmp}/{side}")
    with open(f"{tmp}/{side}/config.yml", "w") as f:
        f.write(route)
env = {"VIGIE_LISTEN_HTTP": f"127.0.0.1:{ports['ours']}", "VIGIE_LISTEN_RELP": "127.0.0.1:0", "VIGIE_STORAGE_PATH": tmp + "/ours/data"}
procs = {
    "ours": Proc([a.collector + "/bin/collector", "run", "--config", tmp + "/ours/config.yml"], tmp + "/ours/log", env),
    "peer": Proc([peer_bin(a, a.peer), f"--config.file={tmp}/peer/config.yml", f"--storage.path={tmp}/peer/data",
                  f"--web.listen-address=127.0.0.1:{ports['peer']}", "--cluster.listen-address=", "--log.level=warn"],
                 tmp + "/peer/log")}
for side, proc in procs.items():
    wait_200(proc, f"http://127.0.0.1:{ports[side]}/-/ready")


def post(side, some):
    c = http.client.HTTPConnection("127.0.0.1", ports[side], timeout=60)
    c.request("POST", "/api/v2/alerts", json.dumps(some), {"Content-Type": "application/json"})
    r = c.getresponse()
    body = r.read()
    c.close()
    if r.status != 200:
        sys.exit(f"{side} answers {r.status} to posted alerts: {body[:300]!r}")


def url(side, own):
    what = "/api/vigie/alerts?state=active&filter=" if own else "/api/v2/alerts?filter="
    return f"http://127.0.0.1:{ports[side]}{what}" + urllib.parse.quote('node="node-7"')


def answers(body, own):
    data = json.loads(body)
    return len(data["alerts"] if own else data)


asked = {("ours", True): Client(url("ours", True)), ("ours", False): Client(url("ours", False)),
         ("peer", False): Client(url("peer", False))}
report = Report(f"{a.alerts} active alerts")
# Warm, with what each needs to answer at all.
for side in procs:
    for _ in range(3):
        post(side, alerts[:20])
for _ in range(50):
    for client in asked.values():
        client.text()
time.sleep(a.settle)
before = {side: proc.mem()[0] for side, proc in procs.items()}
took = {}
for side in procs:
    t = time.perf_counter()
    for _ in range(2):
        for i in range(0, a.alerts, 500):
            post(side, alerts[i:i + 500])
    took[side] = time.perf_counter() - t
time.sleep(a.settle)
added = {side: proc.mem()[0] - before[side] for side, proc in procs.items()}
report.row("rss_before_mib", before["ours"], before["peer"])
report.row("rss_added_mib", added["ours"], added["peer"])
report.row("post_s", took["ours"], took["peer"])
times = {key: [] for key in asked}
cpu = {key: 0 for key in asked}
for key, client in asked.items():
    n = answers(client.text(30)[1], key[1])
    if n != a.alerts // NODES:
        sys.exit(f"{key[0]} answers {n} alerts, not {a.alerts // NODES}")
for i in range(a.rounds):
    for key, client in asked.items():
        t = time.perf_counter()
        client.get(30)
        times[key].append((time.perf_counter() - t) * 1e3)
p50 = {key: pct(xs, 50) for key, xs in times.items()}
report.row("list_filtered_p50_ms", p50["ours", True], p50["peer", False])
report.row("list_filtered_p99_ms", pct(times["ours", True], 99), pct(times["peer", False], 99))
report.row("v2_filtered_p50_ms", p50["ours", False], p50["peer", False])
used, wall = [], []
for _ in range(5):
    u, t = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([a.collector + "/bin/collector", "alerts", "list", "-l", "node=node-7", "--url", f"http://127.0.0.1:{ports['ours']}"],
                   check=True, stdout=subprocess.DEVNULL)
    v = resource.getrusage(resource.RUSAGE_CHILDREN)
    used.append(v.ru_utime + v.ru_stime - u.ru_utime - u.ru_stime)
    wall.append(time.perf_counter() - t)
report.row("cli_cpu_s", median(used), float("nan"))
report.row("cli_wall_s", median(wall), float("nan"))
report.end(a.json)
stop_all()
