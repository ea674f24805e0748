#!/usr/bin/env python3
"""The store of events: how fast SQLite catches up behind a storm, bytes per event, search times.

search_bench.py --ours 'CMD with {port} {relp_port} {dir}' [--events 1000000]

Sends made-up syslog (20 nodes, 12 programs, a vocabulary of 20,000 words, 150 to 250 bytes) over RELP, waits until all
of it can be searched and is in the full-text index, then asks each search some times. Prints seconds and
rates: there is no peer in this yardstick, so the figures move with the machine.
"""
import argparse, os, statistics
from lib import *

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--ours", required=True)
ap.add_argument("--events", type=int, default=1_000_000)
ap.add_argument("--repeats", type=int, default=5)
common_args(ap)
a = ap.parse_args()
tmp = workdir()
random.seed(1)
port, relp = free_port(), free_port()
ours = Proc(fill(a.ours, port=port, relp_port=relp, dir=tmp), tmp + "/log")
wait_port(ours, port)
wait_port(ours, relp)
client = Client(f"http://127.0.0.1:{port}/metrics", gz=False)

WORDS = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(3, 9))) for _ in range(20_000)]
APPS = ["sshd", "cron", "nginx", "postgres", "kernel", "dockerd", "sudo", "systemd", "postfix", "named", "app", "backup"]


def record(i):
    pri = 8 * random.choice((0, 3, 4, 9, 16)) + random.choice((6, 6, 6, 6, 5, 5, 4, 3, 2, 7))
    words = " ".join(random.choices(WORDS, k=random.randint(8, 18)))
    if i % 100_000 == 77_777:
        words += f" needle haystack{i}"
    at = time.time_ns() // 1000
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 1_000_000)) + f".{at % 1_000_000:06d}Z"
    node, app = f"node{random.randint(1, 20)}", random.choice(APPS)
    return f"<{pri}>1 {stamp} {node} {app} {random.randint(300, 9000)} - - {words} from 10.0.{i % 256}.{i // 256 % 256}".encode()


def metric(name):
    for line in client.text()[1].splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    return 0.0


def send(count):
    """Over RELP with a window of 1,000; what is random comes from 50,000 records made before."""
    s = socket.create_connection(("127.0.0.1", relp))
    offer = b"relp_version=0\nrelp_software=bench\ncommands=syslog"
    s.sendall(b"1 open %d %s\n" % (len(offer), offer))
    reader = s.makefile("rb")
    head = b""
    while head.count(b" ") < 3:  # txnr, rsp, length and a space
        head += reader.read(1)
    reader.read(int(head.split()[2]) + 1)
    sent, answered = 0, 0
    while answered < count:
        batch = []
        while sent < count and sent - answered + len(batch) < 1000:
            r = record(sent)
            sent += 1
            batch.append(b"%d syslog %d %s\n" % (1 + (sent % 999_999_000), len(r), r))
            if len(batch) >= 500:
                break
        s.sendall(b"".join(batch))
        goal = answered + max(1, len(batch) if batch else 1)
        while answered < goal:
            line = reader.readline()
            if b" rsp " not in line:
                sys.exit(f"unexpected answer {line!r}")
            if b"200 OK" not in line:
                sys.exit(f"refused: {line!r}")
            answered += 1
    s.close()


def await_zero(name):
    while metric(name) > 0:
        ours.check()
        time.sleep(0.2)


t0 = time.perf_counter()
send(a.events)
took = time.perf_counter() - t0
lag = metric("vigie_event_fill_lag")
t1 = time.perf_counter()
await_zero("vigie_event_fill_lag")
caught = time.perf_counter() - t1
unindexed = metric("vigie_event_index_lag")
t2 = time.perf_counter()
await_zero("vigie_event_index_lag")
indexed = time.perf_counter() - t2
size = metric("vigie_event_store_bytes")
print(f"events {a.events}")
print(f"sent_and_acknowledged_per_s {a.events / took:.0f} (the sender is Python)")
print(f"behind_when_the_last_was_acknowledged {lag:.0f}")
print(f"caught_up_after_s {caught:.1f}")
print(f"not_indexed_then {unindexed:.0f}")
print(f"indexed_after_s {indexed:.1f} ({unindexed / max(indexed, 0.001):.0f} per s)")
print(f"store_bytes_per_event {size / a.events:.0f}")
print(f"cpu_s_per_million {ours.cpu() / a.events * 1e6:.1f}")

base = f"http://127.0.0.1:{port}"
now = time.time_ns()
q = urllib.parse.quote
loki = lambda query, hours, more: f"/loki/api/v1/query_range?query={q(query)}&start={now - hours * 3600 * 10**9}&{more}"
SEARCHES = {
    "newest 100": "/api/vigie/events?limit=100",
    "a rare word": "/api/vigie/events?q=needle",
    "a word and a node": f"/api/vigie/events?q={WORDS[5]}&node=node7",
    "two words": f"/api/vigie/events?q={WORDS[1]}+{WORDS[2]}",
    "a prefix": "/api/vigie/events?q=haystack*",
    "a phrase": "/api/vigie/events?q=" + q('"from 10.0.7.3"'),
    "a word that is not there": "/api/vigie/events?q=zzzzzzzzzzzz",
    "severity crit of one node": "/api/vigie/events?severity=crit&node=node3",
    "a node that is not there": "/api/vigie/events?node=nobody",
    "loki: 1000 lines of a node": loki('{node="node3"}', 24, "limit=1000"),
    "loki: characters, none found (a scan)": loki('{} |= `needlez`', 24, "limit=100"),
    "loki: histogram by level over all": loki("sum by (level) (count_over_time({} | drop __error__[1m]))", 2, "step=60"),
}
for name, path in SEARCHES.items():
    times = []
    for _ in range(a.repeats):
        t = time.perf_counter()
        status = Client(base + path, gz=False).text()[0]
        times.append(time.perf_counter() - t)
        if status != 200:
            print(f"  (answered {status})")
    print(f"search_s {name}: {statistics.median(times):.3f} (first {times[0]:.3f})")
