#!/usr/bin/env python3
"""Range queries over 24 hours next to Prometheus: time and CPU of each, interleaved, over the same samples.

range_bench.py --collector FOLDER [--nodes 5 --rounds 15]

FOLDER is collector/target/dist. A day of made-up samples, one each 15 s, goes to Prometheus by promtool (blocks as it would
write) and to ours through the store's own interface (SamplesBench.java), as blocks but for the last hours. Both must answer
with as many values. The step is a minute: long enough for a page, too short for down-sampled series.
"""
import argparse, math, os, random
from lib import *

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--collector", required=True)
ap.add_argument("--nodes", type=int, default=5)
ap.add_argument("--rounds", type=int, default=15)
ap.add_argument("--step", type=int, default=60)
common_args(ap)
a = ap.parse_args()
tmp = workdir()
EVERY, COUNT = 15, 24 * 240
START = int(time.time()) // EVERY * EVERY - EVERY * COUNT - 600
QUERIES = {
    "one_series": 'node_load1{node="p0"}',
    "gauge": "node_load1",
    "rate": "sum by (node, mode) (rate(node_cpu_seconds_total[5m]))",
    "ratio": "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    "quantile": "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
    "over_time": "max_over_time(node_load1[1h])",
    "topk": "topk(3, node_load1)",
}


def make(path):
    rnd = random.Random(7)
    with open(path, "w") as f:
        def write(name, labels, values):
            head = name + "{" + ",".join(f'{k}="{v}"' for k, v in labels.items()) + "} "
            f.writelines(f"{head}{v} {START + i * EVERY}\n" for i, v in enumerate(values))

        def counter(rate):
            total = 0.0
            for _ in range(COUNT):
                total += rnd.uniform(0, 2 * rate)
                yield round(total, 2)

        for n in range(a.nodes):
            node = {"node": f"p{n}", "instance": f"p{n}"}
            for cpu in range(4):
                for mode in "idle iowait irq nice softirq steal system user".split():
                    write("node_cpu_seconds_total", {**node, "cpu": cpu, "mode": mode}, counter(EVERY / 8))
            for i in range(4):
                write("node_load1", {**node, "part": i}, (round(1 + math.sin(i + k / 200) + rnd.random() / 5, 2) for k in range(COUNT)))
            write("node_memory_MemAvailable_bytes", node, (rnd.randrange(10**8, 4 * 10**8, 4096) for _ in range(COUNT)))
            write("node_memory_MemTotal_bytes", node, (443342848 for _ in range(COUNT)))
            steps = [[0] * COUNT for _ in range(12)]
            for k in range(COUNT):
                total = 0
                for b in range(12):
                    total += rnd.randrange(0, 4)
                    steps[b][k] = (steps[b][k - 1] if k else 0) + total
            for b, le in enumerate("0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf".split()):
                write("http_request_duration_seconds_bucket", {**node, "le": le}, steps[b])
        f.write("# EOF\n")


data = tmp + "/data.om"
make(data)
d = {tag: f"{tmp}/{tag}" for tag in ("ours", "peer")}
for folder in d.values():
    os.makedirs(folder)
subprocess.run([peer_bin(a, "promtool"), "tsdb", "create-blocks-from", "openmetrics", "--quiet", data, d["peer"] + "/tsdb"],
               check=True, stdout=subprocess.DEVNULL)
subprocess.run(["java", "-Xmx1g", "-cp", a.collector + "/lib/*", os.path.join(HERE, "SamplesBench.java"), data, d["ours"] + "/data/samples"],
               check=True, stdout=subprocess.DEVNULL)
os.remove(data)
ports = {tag: free_port() for tag in d}
with open(d["ours"] + "/config.yml", "w") as f:
    f.write("scrape_configs: []\n")
with open(d["peer"] + "/config.yml", "w") as f:
    f.write("global: {}\n")
procs = {
    "ours": Proc(f"env VIGIE_LISTEN_HTTP=127.0.0.1:{ports['ours']} VIGIE_LISTEN_RELP=127.0.0.1:{free_port()} VIGIE_STORAGE_PATH={d['ours']}/data"
                 f" {a.collector}/bin/collector run --config {d['ours']}/config.yml", d["ours"] + "/log"),
    "peer": Proc([peer_bin(a, "prometheus3"), f"--config.file={d['peer']}/config.yml", f"--storage.tsdb.path={d['peer']}/tsdb",
                  "--storage.tsdb.retention.time=30d", "--log.level=warn", f"--web.listen-address=127.0.0.1:{ports['peer']}"], d["peer"] + "/log"),
}
for tag, p in procs.items():
    wait_200(p, f"http://127.0.0.1:{ports[tag]}/-/ready")
clients = {}


def ask(tag, query):
    end = START + EVERY * COUNT
    path = "/api/v1/query_range?" + urllib.parse.urlencode({"query": query, "start": end - 86400, "end": end, "step": a.step})
    cpu, began = procs[tag].cpu(), time.perf_counter()
    answer = Client(f"http://127.0.0.1:{ports[tag]}{path}", gz=False).text()[1]
    return time.perf_counter() - began, procs[tag].cpu() - cpu, answer


rep = Report(f"range_bench ours vs prometheus3, 24 h at a step of {a.step} s, {a.nodes} nodes of 50 series, median of {a.rounds}")
sums = {"ours": [0, 0], "peer": [0, 0]}
for name, query in QUERIES.items():
    took, used, count = {"ours": [], "peer": []}, {"ours": [], "peer": []}, {}
    for i in range(a.rounds + 3):  # the first three warm both
        for tag in ("ours", "peer") if i % 2 else ("peer", "ours"):
            t, c, answer = ask(tag, query)
            if i >= 3:
                took[tag].append(t)
                used[tag].append(c)
            else:
                count[tag] = sum(len(s["values"]) for s in json.loads(answer)["data"]["result"])
    if count["ours"] != count["peer"] or not count["ours"]:
        sys.exit(f"{name}: {count['ours']} values of ours, {count['peer']} of Prometheus's")
    rep.row(f"{name}_ms_p50", 1000 * median(took["ours"]), 1000 * median(took["peer"]))
    for tag in sums:
        sums[tag][0] += median(took[tag])
        sums[tag][1] += sum(used[tag])
rep.row("all_ms_p50", 1000 * sums["ours"][0], 1000 * sums["peer"][0])
rep.row("all_cpu_s", sums["ours"][1], sums["peer"][1])
rep.row("rss_mib", *(procs[tag].mem()[0] for tag in ("ours", "peer")))
rep.end(a.json)
