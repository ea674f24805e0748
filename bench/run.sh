#!/usr/bin/env bash
# Runs a yardstick with our side filled in; what follows the name is passed on.
#
#   bench/run.sh agent [--peer netdata --settle 10 | -n 200 | …]     scrapes, start, memory, idle: agent_bench.py
#       against node_exporter 1.11, both with their default collectors
#   bench/run.sh probe [-n 1000 | …]                                 TCP probes by /probe against blackbox_exporter: probe_bench.py
#   bench/run.sh probes500 [--seconds 60 | …]                        500 TCP probes every 5 s on one core, beside it: probes_bench.py
#   bench/run.sh latency [--preset 1s | 0s | 5s] [-k 30 | …]         failure to Discord request, both at 1 s: alert_latency.py
#   bench/run.sh defaults [-k 6 --rounds 2 | …]                      the same at both sides' defaults (slow: a minute and more a kill)
#   bench/run.sh lines [--rate 0 | …]                                CPU per 1,000 lines of followed files, all packs: lines_bench.py
#   bench/run.sh search [--events 10000000 | …]                      the store of events: catching up behind a storm, bytes per event,
#       times of searches; no peer: search_bench.py
#   bench/run.sh samples [--seconds 300 | --data FILE | …]           the store of samples: bytes per sample on the disk and memory per
#       series beside Prometheus: samples_bench.py (8 minutes of scraping first; --data keeps it)
#   bench/run.sh rules [--seconds 90 | …]                            100 rules over 50 x 500 series at 5 s beside Prometheus 3.5: rules_bench.py
#   bench/run.sh remotewrite [--seconds 60 | …]                      CPU for 20,000 samples a second by remote write beside Prometheus 3.5's
#       receiver: rules_bench.py without rules; samples per CPU second go as one over cpu_cores
#   bench/run.sh scaling [--seconds 60 | …]                          the same with 10, 100 and 1,000 targets at 15 s, a heap of 3 GiB
#   bench/run.sh range [--rounds 15 | …]                             range queries over a day beside Prometheus 3.5: range_bench.py
#   bench/run.sh alerts [--rounds 100 | …]                           10,000 posted alerts beside Alertmanager: memory, filtered list: alerts_bench.py
#   bench/run.sh start [--rounds 7]                                  starts with and without the archive of classes: start_bench.py
#   bench/run.sh sdcard                                              bytes written to the disk per event and day: sdcard.py
#   bench/run.sh journal [--lines 20000 | …]                         CPU per 1,000 journal lines beside rsyslog's imjournal (root)
#   bench/run.sh ingest [--modes lf --conns 1 --rounds 3 | …]       syslog by TCP and RELP, synced, against rsyslog to a file: ingest_bench.py
#
# After mvn -Pfast package and deploy/peers.sh; the archives of classes are made where they lack, as by deploy/install.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
case ${1:-} in search | ingest | samples | rules | remotewrite | range | scaling | alerts) needed=collector ;; latency | defaults | start) needed="agent collector" ;; *) needed=agent ;; esac
for what in $needed; do
  [ -x "$root/$what/target/dist/bin/$what" ] || { echo "run.sh: $what is not built; run: mvn -Pfast package" >&2; exit 2; }
  [ -e "$root/$what/target/dist/lib/run.jsa" ] || "$root/deploy/archive.sh" "$what"
done
name=${1:-}
shift || true
latency() { # latency TEMPLATE [OPTION...]
  exec python3 "$here/alert_latency.py" --ours-start "$here/vigie.sh {config} {dir}" --ours-config "$here/$1" \
    --ours-ready 'http://127.0.0.1:{port}/-/ready' "${@:2}"
}
case $name in
  agent)
    config=$(mktemp)
    trap 'rm -f "$config"' EXIT
    printf 'node: bench\ncollector: relp://127.0.0.1:9\n' >"$config"
    python3 "$here/agent_bench.py" --peer node_exporter3 --peer-args=--web.disable-exporter-metrics "$@" --ours \
      "env VIGIE_LISTEN=127.0.0.1:{port} VIGIE_SPOOL_PATH={dir}/spool $root/agent/target/dist/bin/agent run --config $config"
    ;;
  probe)
    config=$(mktemp)
    trap 'rm -f "$config"' EXIT
    printf 'node: bench\ncollector: relp://127.0.0.1:9\nmodules: {tcp_connect: {prober: tcp, timeout: 5s}}\nprobe_targets: ["127.0.0.1:*"]\n' >"$config"
    python3 "$here/probe_bench.py" --ours \
      "env VIGIE_LISTEN=127.0.0.1:{port} VIGIE_SPOOL_PATH={dir}/spool $root/agent/target/dist/bin/agent run --config $config" "$@"
    ;;
  probes500)
    exec python3 "$here/probes_bench.py" "$@" --ours \
      "env VIGIE_LISTEN=127.0.0.1:{port} VIGIE_SPOOL_PATH={dir}/spool $root/agent/target/dist/bin/agent run --config {config}"
    ;;
  journal)
    config=$(mktemp)
    trap 'rm -f "$config"' EXIT
    printf 'node: bench\ncollector: relp://127.0.0.1:9\nsources: {journal: true}\n' >"$config"
    python3 "$here/journal_bench.py" "$@" --ours \
      "env VIGIE_LISTEN=127.0.0.1:{port} VIGIE_SPOOL_PATH={dir}/spool $root/agent/target/dist/bin/agent run --config $config"
    ;;
  lines)
    exec python3 "$here/lines_bench.py" "$@" --ours \
      "env VIGIE_LISTEN=127.0.0.1:{port} VIGIE_SPOOL_PATH={dir}/spool $root/agent/target/dist/bin/agent run --config {config}"
    ;;
  ingest)
    config=$(mktemp)
    trap 'rm -f "$config"' EXIT
    echo 'scrape_configs: []' >"$config"
    python3 "$here/ingest_bench.py" "$@" --ours \
      "env VIGIE_LISTEN_HTTP=127.0.0.1:{port} VIGIE_LISTEN_RELP=127.0.0.1:{relp_port} VIGIE_LISTEN_SYSLOG_TCP=127.0.0.1:{tcp_port} VIGIE_STORAGE_PATH={dir}/data ${BENCH_WITH:-} $root/collector/target/dist/bin/collector run --config $config"
    ;;
  latency) latency vigie-1s.yaml "$@" ;;
  start) exec python3 "$here/start_bench.py" "$@" ;;
  search)
    exec python3 "$here/search_bench.py" "$@" --ours \
      "env VIGIE_LISTEN_HTTP=127.0.0.1:{port} VIGIE_LISTEN_RELP=127.0.0.1:{relp_port} VIGIE_STORAGE_PATH={dir}/data $root/collector/target/dist/bin/collector run"
    ;;
  range) exec python3 "$here/range_bench.py" --collector "$root/collector/target/dist" "$@" ;;
  scaling)
    for targets in 10 100 1000; do
      JAVA_OPTS="-Xmx3g ${JAVA_OPTS:-}" "$0" rules --targets "$targets" --every 15 --warm 60 --seconds 60 "$@"
    done
    ;;
  alerts) exec python3 "$here/alerts_bench.py" --collector "$root/collector/target/dist" "$@" ;;
  samples) exec python3 "$here/samples_bench.py" --collector "$root/collector/target/dist" "$@" ;;
  rules)
    exec python3 "$here/rules_bench.py" --peer prometheus3 --ours \
      "env VIGIE_LISTEN_HTTP=127.0.0.1:{port} VIGIE_LISTEN_RELP=127.0.0.1:0 VIGIE_STORAGE_PATH={dir}/data $root/collector/target/dist/bin/collector run --config {config}" "$@"
    ;;
  remotewrite)
    none=$(mktemp --suffix .yml)
    trap 'rm -f "$none"' EXIT
    printf 'groups: []\n' >"$none"
    python3 "$here/rules_bench.py" --peer prometheus3 --feed push --rules "$none" --targets 40 --every 1 \
      --ours-write-url 'http://127.0.0.1:{targets_port}/api/v1/write' --ours \
      "env VIGIE_LISTEN_HTTP=127.0.0.1:{port} VIGIE_LISTEN_RELP=127.0.0.1:0 VIGIE_LISTEN_REMOTE_WRITE=127.0.0.1:{targets_port} VIGIE_STORAGE_PATH={dir}/data $root/collector/target/dist/bin/collector run --config {config}" "$@"
    ;;
  sdcard) exec python3 "$here/sdcard.py" ;;
  defaults) latency vigie-defaults.yaml --preset 15s30s "$@" ;;
  *) sed -n "2,25p" "$0"; exit 2 ;;
esac
