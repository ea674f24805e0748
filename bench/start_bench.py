#!/usr/bin/env python3
"""The start of the agent, of the collector and of a client command: with the archive of classes, and with the JDK's own alone.

start_bench.py [--rounds 7]

Interleaved; medians. A start is over with the first answer of /metrics (agent) or /-/ready (collector). ours is with the archive.
"""
import argparse, resource
from lib import *

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--rounds", type=int, default=7)
ap.add_argument("--json", action="store_true")
a = ap.parse_args()
tmp = workdir()
root = os.path.dirname(HERE)
home = os.environ.get("JAVA_HOME") or os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("java"))))
default = f"{home}/lib/server/classes.jsa"
SIDES = {"ours": "", "peer": f"-XX:SharedArchiveFile={default}"}
port = {"agent": free_port(), "collector": free_port()}
for name in port:
    for jsa in ("run.jsa", "cli.jsa") if name == "collector" else ("run.jsa",):
        if not os.path.exists(f"{root}/{name}/target/dist/lib/{jsa}"):
            sys.exit(f"no {jsa} of {name}; run: deploy/archive.sh {name}")
with open(f"{tmp}/agent.yaml", "w") as f:
    f.write(f"node: bench\nlisten: 127.0.0.1:{port['agent']}\ncollector: relp://127.0.0.1:9\nspool: {{path: {tmp}/spool}}\n")
with open(f"{tmp}/collector.yaml", "w") as f:
    f.write(f"storage: {{path: {tmp}/data}}\nlisten: {{http: '127.0.0.1:{port['collector']}', relp: '127.0.0.1:{free_port()}'}}\n"
            f"rule_files: ['{root}/alert-rules/*.yml']\n")


def start(name, options):
    proc = Proc([f"{root}/{name}/target/dist/bin/{name}", "run", "--config", f"{tmp}/{name}.yaml"], f"{tmp}/log", {"JAVA_OPTS": options})
    wait_200(proc, f"http://127.0.0.1:{port[name]}" + ("/metrics" if name == "agent" else "/-/ready"))
    return proc, time.perf_counter() - proc.t0, proc.cpu()


def command(options):
    before, t0 = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([f"{root}/collector/target/dist/bin/collector", "alerts", "list"], stdout=subprocess.DEVNULL, check=True,
                   env={**os.environ, "JAVA_OPTS": options, "VIGIE_URL": f"http://127.0.0.1:{port['collector']}"})
    wall, after = time.perf_counter() - t0, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


seen = {}
for i in range(a.rounds + 1):  # the first one reads the disk
    for side, options in SIDES.items():
        for name in port:
            proc, wall, cpu = start(name, options)
            if i:
                seen.setdefault((name, "wall_s"), {}).setdefault(side, []).append(wall)
                seen.setdefault((name, "cpu_s"), {}).setdefault(side, []).append(cpu)
            if name == "collector":
                wall, cpu = command(options)
                if i:
                    seen.setdefault(("alerts_list", "wall_s"), {}).setdefault(side, []).append(wall)
                    seen.setdefault(("alerts_list", "cpu_s"), {}).setdefault(side, []).append(cpu)
            proc.stop()
report = Report(f"start with the archive of classes and without, medians of {a.rounds}")
for (name, what), sides in seen.items():
    report.row(f"{name}_{what}", median(sides["ours"]), median(sides["peer"]))
report.end(a.json)
