#!/usr/bin/env python3
"""The store of events: how fast SQLite catches up behind a storm, bytes per event, search times.

search_bench.py --ours 'CMD with {port} {relp_port} {dir}' [--events 1000000]

Sends made-up syslog (load.c with words: 20 nodes, 12 programs, a vocabulary of 20,000 words, 150 to 250 bytes) over RELP, waits
until all of it can be searched and is in the full-text index, then asks each search some times. Prints seconds and
rates: there is no peer in this yardstick, so the figures move with the machine. 10,000,000 events take 5 GB in $TMPDIR.
"""
import argparse, os, statistics
from lib import *

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--ours", required=True)
ap.add_argument("--events", type=int, default=1_000_000)
ap.add_argument("--conns", type=int, default=4)
ap.add_argument("--repeats", type=int, default=5)
common_args(ap)
a = ap.parse_args()
tmp = workdir()
random.seed(1)
port, relp = free_port(), free_port()
load = os.path.join(tmp, "load")
subprocess.run(["cc", "-O2", "-pthread", "-o", load, os.path.join(HERE, "load.c")], check=True)
WORDS = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(3, 9))) for _ in range(20_000)]
with open(tmp + "/words", "w") as f:
    f.write("\n".join(WORDS) + "\n")
ours = Proc(fill(a.ours, port=port, relp_port=relp, dir=tmp), tmp + "/log")
wait_port(ours, port)
wait_port(ours, relp)
client = Client(f"http://127.0.0.1:{port}/metrics", gz=False)
most_rss = 0


def metrics():
    global most_rss
    ours.check()
    most_rss = max(most_rss, ours.mem()[0])
    return {name: float(value) for name, value in
            (line.split() for line in client.text()[1].splitlines() if line.startswith("vigie_event_") and "{" not in line)}


def progress(what, m):
    at = f"{what}: {m['vigie_event_log_records_total']:.0f} received, {m['vigie_event_fill_lag']:.0f} not in SQLite, {m['vigie_event_index_lag']:.0f} not indexed"
    if sys.stderr.isatty():
        print(f"\r{at}\033[K", end="", file=sys.stderr, flush=True)
    elif time.perf_counter() - progress.last > 20:
        progress.last = time.perf_counter()
        print(at, file=sys.stderr, flush=True)


progress.last = time.perf_counter()


def await_zero(name):
    while (m := metrics())[name] > 0:
        progress("catching up", m)
        time.sleep(0.5)


t0, cpu0 = time.perf_counter(), ours.cpu()
sender = subprocess.Popen([load, "relp", "127.0.0.1", str(relp), str(a.events), str(a.conns), "400", "1000", tmp + "/words"], stdout=subprocess.PIPE, text=True)
while sender.poll() is None:
    progress("storm", metrics())
    time.sleep(0.5)
if sender.wait():
    sys.exit("load failed")
took = float(sender.stdout.read().split()[1])
m = metrics()
lag, moved = m["vigie_event_fill_lag"], a.events - m["vigie_event_fill_lag"]
t1 = time.perf_counter()
await_zero("vigie_event_fill_lag")
caught = time.perf_counter() - t1
unindexed = metrics()["vigie_event_index_lag"]
t2 = time.perf_counter()
await_zero("vigie_event_index_lag")
indexed = time.perf_counter() - t2
if sys.stderr.isatty():
    print("\r\033[K", end="", file=sys.stderr)
rate = a.events / took
print(f"events {a.events}")
print(f"acknowledged_per_s {rate:.0f}")
print(f"searchable_when_the_last_was_acknowledged {moved:.0f}, behind {lag:.0f}")
if caught > 1:
    print(f"caught_up_after_s {caught:.1f} ({lag / caught:.0f} per s, {lag / caught / rate:.2f} of the rate of the storm)")
print(f"not_indexed_then {unindexed:.0f}, indexed_after_s {indexed:.1f} ({unindexed / max(indexed, 0.001):.0f} per s)")
print(f"from_first_to_all_searchable_per_s {a.events / (t1 + caught - t0):.0f}, to_all_indexed_per_s {a.events / (t2 + indexed - t0):.0f}")
print(f"store_bytes_per_event {metrics()['vigie_event_store_bytes'] / a.events:.0f}")
print(f"cpu_s_per_million {(ours.cpu() - cpu0) / a.events * 1e6:.1f}")
print(f"most_rss_mib {most_rss:.0f}")

base = f"http://127.0.0.1:{port}"
now = time.time_ns()
q = urllib.parse.quote
loki = lambda query, hours, more: f"/loki/api/v1/query_range?query={q(query)}&start={now - hours * 3600 * 10**9}&{more}"
hour = 3600 * 10**9
iso = lambda ns: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ns / 1e9))
first = json.loads(Client(base + "/api/vigie/events?limit=1&q=" + WORDS[5], gz=False).text()[1])["events"][0]["id"]
SEARCHES = {
    "newest 100": "/api/vigie/events?limit=100",
    "newest 5000, with records as they came": "/api/vigie/events?limit=5000&raw=true",
    "a page far back": f"/api/vigie/events?limit=100&before={int(first) // 10}",
    "a rare word": "/api/vigie/events?q=needle",
    "a word and a node": f"/api/vigie/events?q={WORDS[5]}&node=node7",
    "a word in most texts": "/api/vigie/events?q=from",
    "a frequent and a rare word": "/api/vigie/events?q=from+needle",
    "two words": f"/api/vigie/events?q={WORDS[1]}+{WORDS[2]}",
    "two frequent words that never meet": "/api/vigie/events?q=" + q('"10 from"'),
    "a prefix": "/api/vigie/events?q=haystack*",
    "a phrase": "/api/vigie/events?q=" + q('"from 10.0.7.3"'),
    "a word that is not there": "/api/vigie/events?q=zzzzzzzzzzzz",
    "all but a word in all texts": "/api/vigie/events?q=-from",
    "a type that is rare": "/api/vigie/events?type=probe.down",
    "severity warning or worse": "/api/vigie/events?severity=warning",
    "severity crit of one node": "/api/vigie/events?severity=crit&node=node3",
    "severity emerg (none)": "/api/vigie/events?severity=emerg",
    "a node that is not there": "/api/vigie/events?node=nobody",
    "a field that is not there": "/api/vigie/events?filter=" + q('probe="web"'),
    "a node by expression (none)": "/api/vigie/events?filter=" + q('node=~"x.*"'),
    "since an hour before all": f"/api/vigie/events?since={iso(now - 2 * hour)}&until={iso(now - hour)}",
    "a second in the middle": f"/api/vigie/events?since={iso(now - int((time.perf_counter() - t0 - took / 2) * 1e9))}&limit=100&until={iso(now - int((time.perf_counter() - t0 - took / 2 - 1) * 1e9))}",
    "loki: 1000 lines of a node": loki('{node="node3"}', 24, "limit=1000"),
    "loki: 1000 lines with characters": loki('{} |= `needle`', 24, "limit=1000"),
    "loki: characters, none found": loki('{} |= `needlez`', 24, "limit=100"),
    "loki: an expression, few found": loki('{} |~ `haystack[0-9]+`', 24, "limit=100"),
    "loki: histogram by level over all, 1 minute": loki("sum by (level) (count_over_time({} | drop __error__[1m]))", 2, "step=60"),
    "loki: histogram by level over all, 5 seconds": loki("sum by (level) (count_over_time({} | drop __error__[5s]))", 2, "step=5"),
    "loki: histogram of a node": loki('sum by (level) (count_over_time({node="node3"}[1m]))', 2, "step=60"),
    "loki: histogram of characters": loki("sum by (level) (count_over_time({} |= `needle`[1m]))", 2, "step=60"),
    "loki: histogram of an expression": loki("sum by (level) (count_over_time({} |~ `haystack[0-9]+`[1m]))", 2, "step=60"),
    "loki: all streams counted": loki("count_over_time({}[1h])", 2, "step=3600"),
    "loki: labels": f"/loki/api/v1/labels?start={now - 24 * hour}",
}
for name, path in SEARCHES.items():
    times, what, cpu = [], "", ours.cpu()
    for _ in range(a.repeats):
        t = time.perf_counter()
        status, body = Client(base + path, gz=False).text(60)
        times.append(time.perf_counter() - t)
        if status != 200:
            what = f" answered {status} {body.strip()[:100]}"
            break
        if path.startswith("/api/vigie"):
            what = f" {len(json.loads(body)['events'])} events"
    cpu = (ours.cpu() - cpu) / len(times)
    print(f"search_s {statistics.median(times):.3f} (first {times[0]:.3f}, CPU {cpu:.2f}) {name}:{what}", flush=True)
