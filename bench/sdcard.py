#!/usr/bin/env python3
"""Bytes that the agent writes to the disk for one event a minute, over a day.

Starts the packaged agent on a file that gets one line at a time, each after the spool has synced the
one before, and counts what the kernel says it wrote (/proc/PID/io). A day is 1,440 times that.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINES = 40


def written(pid):
    for line in open(f"/proc/{pid}/io"):
        if line.startswith("write_bytes:"):
            return int(line.split()[1])
    raise SystemExit("the kernel does not count write_bytes (CONFIG_TASK_IO_ACCOUNTING)")


def main():
    # Not under /tmp: that may be memory, which counts nothing.
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as folder:
        log = pathlib.Path(folder, "app.log")
        log.touch()
        config = pathlib.Path(folder, "agent.yaml")
        config.write_text(
            "node: sd\nlisten: 127.0.0.1:0\ncollector: relp://127.0.0.1:9\n"
            "patterns: [{name: any, match: '^line (?P<n>[0-9]+)', severity: notice}]\n"
            f"sources: {{journal: false, files: [{{path: {log}, patterns: [any]}}]}}\n"
            "spool: {path: spool}\n"
        )
        agent = subprocess.Popen(
            [ROOT / "agent/target/dist/bin/agent", "run", "--config", config],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(8)
            before = written(agent.pid)
            time.sleep(10)
            idle = written(agent.pid) - before
            before = written(agent.pid)
            for n in range(LINES):
                with open(log, "a") as out:
                    out.write(f"line {n}: connection from 192.0.2.7 port 51413 refused\n")
                time.sleep(2.5)
            spent = written(agent.pid) - before
            spool = sum(f.stat().st_size for f in pathlib.Path(folder, "spool").glob("*.seg"))
        finally:
            agent.terminate()
            agent.wait()
    print(f"idle for 10 s: {idle} bytes written")
    print(f"{LINES} events, each synced by itself: {spent // LINES} bytes each, spool {spool} bytes")
    print(f"one event a minute: {spent / LINES * 1440 / 1e6:.1f} MB a day")


if __name__ == "__main__":
    sys.exit(main())
