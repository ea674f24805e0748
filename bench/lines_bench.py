#!/usr/bin/env python3
"""CPU per 1,000 lines of followed log files: ours with all packs looking at them, rsyslog's imfile writing them to a file.

Both follow the same two files (an nginx access log, and one in syslog's format of which one line in a hundred is of a
pack) at the same time. Ours matches, counts and spools; rsyslog only copies.
"""
import argparse, os, sys, time
import lib

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--ours", required=True, help="command with {config}, {port}, {dir}")
ap.add_argument("--lines", type=int, default=200_000)
ap.add_argument("--rate", type=int, default=10_000, help="lines a second; 0: as fast as the disk")
ap.add_argument("--warm", type=int, default=50_000)
lib.common_args(ap)
args = ap.parse_args()

d = lib.workdir()
access, messages, copied = (os.path.join(d, name) for name in ("access.log", "messages", "copied"))
port = lib.free_port()
for path in (access, messages):
    open(path, "w").close()

with open(f"{d}/agent.yaml", "w") as fh:
    fh.write(f"""node: bench
collector: relp://127.0.0.1:9
sources:
  journal: false
  boot: false
  files:
    - {{path: {access}, patterns: [nginx]}}
    - {{path: {messages}, patterns: [sshd, fail2ban, sudo, kernel, docker, postgresql, cron, pg_dump, supervisor]}}
""")
with open(f"{d}/rsyslog.conf", "w") as fh:
    fh.write(f"""global(workDirectory="{d}")
module(load="imfile" mode="inotify")
input(type="imfile" File="{access}" Tag="nginx" ruleset="copy")
input(type="imfile" File="{messages}" Tag="messages" ruleset="copy")
template(name="raw" type="string" string="%msg%\\n")
ruleset(name="copy") {{ action(type="omfile" file="{copied}" template="raw") }}
""")

ours = lib.Proc(lib.fill(args.ours, config=f"{d}/agent.yaml", port=port, dir=d), log=f"{d}/ours.log")
lib.wait_200(ours, f"http://127.0.0.1:{port}/metrics")
with open(os.path.join(args.peers, "rsyslog-modules")) as fh:
    modules = fh.read().strip()
peer = lib.Proc([lib.peer_bin(args, "rsyslogd"), "-n", "-f", f"{d}/rsyslog.conf", "-i", f"{d}/pid", "-M", modules],
                log=f"{d}/rsyslogd.log")
client = lib.Client(f"http://127.0.0.1:{port}/metrics")
time.sleep(2)


def counted():
    text = client.text()[1]
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith("vigie_source_lines_total{"))


def copies():
    try:
        with open(copied, "rb") as fh:
            return sum(block.count(b"\n") for block in iter(lambda: fh.read(1 << 20), b""))
    except OSError:
        return 0


def write(count, base):
    """Half into each file, in blocks of a tenth of a second."""
    block = max(100, (args.rate or 1_000_000) // 10)
    at = time.perf_counter()
    with open(access, "a") as a, open(messages, "a") as m:
        for start in range(base, base + count, block):
            for i in range(start, min(start + block, base + count)):
                if i % 2:
                    a.write(f'192.0.2.{i % 250} - - [01/Mar/2026:10:00:00 +0000] "GET /page/{i} HTTP/1.1" '
                            f'{(200, 200, 304, 404)[i // 2 % 4]} {i} "-" "Mozilla/5.0 (X11; Linux x86_64)" 0.{i % 1000:03}\n')
                elif i % 100 == 0:
                    m.write(f"Mar  1 10:00:00 bench sshd[{i}]: Failed password for root from 192.0.2.{i // 100 % 9} port {i} ssh2\n")
                else:
                    m.write(f"Mar  1 10:00:00 bench app[{i}]: request {i} took {i % 977} ms, all is as it should be\n")
            a.flush()
            m.flush()
            if args.rate:
                at += block / args.rate
                time.sleep(max(0, at - time.perf_counter()))


def wait(total):
    end = time.time() + 120
    while counted() < total or copies() < total:
        ours.check()
        peer.check()
        if time.time() > end:
            sys.exit(f"only {counted():.0f} and {copies()} of {total} lines after two minutes; logs in {d}")
        time.sleep(0.2)


write(args.warm, 0)
wait(args.warm)
before = ours.cpu(), peer.cpu()
write(args.lines, args.warm)
wait(args.warm + args.lines)
per = [(after - b) / args.lines * 1e6 for after, b in zip((ours.cpu(), peer.cpu()), before)]
report = lib.Report("lines of followed files")
report.row("cpu_ms_per_1000_lines", *per)
report.row("rss_mib", ours.mem()[0], peer.mem()[0])
report.end(args.json)
