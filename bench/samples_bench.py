#!/usr/bin/env python3
"""The store of samples: bytes per sample on the disk and memory per active series, next to Prometheus.

samples_bench.py --collector FOLDER [--scrapes 480 --nodes 5]

FOLDER is collector/target/dist. The real node_exporter is scraped once a second; what it showed is stamped as 15 s apart
(480 scrapes make two hours, a block) and given to both as that many nodes: to Prometheus by promtool, which writes blocks as
Prometheus would, to ours through the store's own interface (SamplesBench.java). Then both scrape the fake targets
(50 x 500 series) for --seconds, and what each takes more than with no target is memory per series.
"""
import argparse, glob, os
from lib import *

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--collector", required=True)
ap.add_argument("--scrapes", type=int, default=480)
ap.add_argument("--pause", type=float, default=1.0, help="seconds between scrapes")
ap.add_argument("--nodes", type=int, default=5)
ap.add_argument("--targets", type=int, default=50, help="fake targets of 500 series; 0 leaves memory out")
ap.add_argument("--seconds", type=float, default=300)
ap.add_argument("--data", help="what was scraped, kept in this file and used again")
common_args(ap)
a = ap.parse_args()
tmp = workdir()
data = a.data or tmp + "/data.om"
START = 1_700_000_000 // 7200 * 7200


def scrape():
    port = free_port()
    exporter = Proc([peer_bin(a, "node_exporter3"), f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"], tmp + "/exporter.log")
    wait_port(exporter, port)
    client = Client(f"http://127.0.0.1:{port}/metrics", gz=False)
    series = {}
    for i in range(a.scrapes):
        began = time.perf_counter()
        for line in client.text()[1].splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                series.setdefault(name, []).append((i, value))
        time.sleep(max(0, began + a.pause - time.perf_counter()))
    exporter.stop()
    with open(data, "w") as f:
        for node in range(a.nodes):
            for name, samples in series.items():
                metric, brace, labels = name.partition("{")
                labelled = f'{metric}{{node="p{node}"' + ("," + labels if brace else "}")
                for i, value in samples:
                    f.write(f"{labelled} {value} {START + i * 15}\n")
        f.write("# EOF\n")


if not (a.data and os.path.exists(a.data)):
    scrape()
lines = sum(1 for _ in open(data)) - 1
blocks = tmp + "/blocks"
subprocess.run([peer_bin(a, "promtool"), "tsdb", "create-blocks-from", "openmetrics", "--quiet", data, blocks], check=True, stdout=subprocess.DEVNULL)
size = lambda pattern: sum(os.path.getsize(f) for f in glob.glob(blocks + pattern, recursive=True) if os.path.isfile(f))
peer_chunks, peer_all = size("/*/chunks/*"), size("/**/*")
out = subprocess.run(["java", "-Xmx512m", "-cp", a.collector + "/lib/*", os.path.join(HERE, "SamplesBench.java"), data, tmp + "/ours"],
                     check=True, stdout=subprocess.PIPE, text=True).stdout
print(out, end="")
ours = dict(line.split()[:2] for line in out.splitlines())
print(f"samples {lines}")
print(f"prometheus_block_bytes_per_sample {peer_all / lines:.3f} (chunks alone {peer_chunks / lines:.3f})")
print(f"ours/prometheus_block_bytes {float(ours['block_bytes_per_sample']) * lines / peer_all:.2f}")

if a.targets:
    targets_port = free_port()
    feeder = Proc([sys.executable, os.path.join(HERE, "targets.py"), "serve", str(targets_port)], tmp + "/targets.log")
    wait_port(feeder, targets_port)

    def start(tag, count):
        d, port = f"{tmp}/{tag}{count}", free_port()
        os.makedirs(d)
        with open(d + "/config.yml", "w") as f:
            f.write(("global: {scrape_interval: 5s}\n" if tag == "peer" else "") + "scrape_configs:\n" + "".join(
                f"- {{job_name: t{t:02d}, scrape_interval: 5s, metrics_path: /t/{t:02d}/metrics, static_configs: [{{targets: "
                f"['127.0.0.1:{targets_port}'], labels: {{instance: t{t:02d}, job: fake}}}}]}}\n" for t in range(count)))
            if not count:
                f.seek(0), f.truncate(), f.write("scrape_configs: []\n")
        if tag == "ours":
            p = Proc(f"env VIGIE_LISTEN_HTTP=127.0.0.1:{port} VIGIE_LISTEN_RELP=127.0.0.1:{free_port()} VIGIE_STORAGE_PATH={d}/data"
                     f" {a.collector}/bin/collector run --config {d}/config.yml", d + "/log")
        else:
            p = Proc([peer_bin(a, "prometheus3"), f"--config.file={d}/config.yml", f"--storage.tsdb.path={d}/tsdb", "--log.level=warn",
                      f"--web.listen-address=127.0.0.1:{port}"], d + "/log")
        wait_200(p, f"http://127.0.0.1:{port}/-/ready")
        return p

    sides = {(tag, n): start(tag, n) for tag in ("ours", "peer") for n in (0, a.targets)}
    time.sleep(a.seconds)
    used = {}
    for tag in ("ours", "peer"):
        base, full = (2**20 * sides[tag, n].mem()[0] for n in (0, a.targets))
        used[tag] = (full - base) / (a.targets * 500)
        print(f"{tag}_resident_mib {full / 2**20:.0f} (with no target {base / 2**20:.0f}; {used[tag]:.0f} bytes for each series)")
    print(f"ours/prometheus_bytes_per_series {used['ours'] / used['peer']:.2f}")
stop_all()
