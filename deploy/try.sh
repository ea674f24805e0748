#!/usr/bin/env bash
# Tries Vigie on this machine: builds it, starts a collector and an agent on loopback with everything they keep in one
# folder, watches TCP port 13337, and posts to Discord where DISCORD_WEBHOOK_URL or DISCORD_WEBHOOK_URL_FILE is set
# (otherwise the card is printed here). Ctrl-C ends all of it.
#
#   deploy/try.sh                   watch whatever listens on 13337, or nothing yet
#   deploy/try.sh --with-service    also start a small calculator on 13337, to be killed
#
# TRY_DIR (default: run/ in the repository) holds configuration, logs and data; TRY_PORTS="HTTP RELP AGENT SERVICE"
# chooses other ports than 9337 2514 9100 13337.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(realpath -m "${TRY_DIR:-$root/run}")
cd "$root"
. deploy/packages.sh
read -r http relp agent service <<<"${TRY_PORTS:-9337 2514 9100 13337}"
with_service=no
usage() { sed -n '2,11p' "$root/deploy/try.sh"; exit 2; }
case ${1:-} in
  --with-service) with_service=yes ;;
  "") ;;
  *) usage ;;
esac
[[ "$http $relp $agent $service" =~ ^([0-9]+\ ){3}[0-9]+$ ]] || usage

say() { echo "try: $*"; }

# Who holds a port, by /proc alone: the inode of the listening socket, then the process that has it open.
holder() { # holder PORT: prints "NAME (process N)"; fails where nobody listens
  local hex inode fd pid
  hex=$(printf '%04X' "$1")
  inode=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v p=":$hex\$" '$2 ~ p && $4 == "0A" {print $10; exit}')
  [ -n "$inode" ] || return 1
  fd=$(find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\\[$inode\\]" -print -quit 2>/dev/null) || true
  if [ -n "$fd" ]; then
    pid=${fd#/proc/} && pid=${pid%%/*}
    echo "$(cat "/proc/$pid/comm") (process $pid)"
    return 0
  fi
  echo "a process of another user"
}
need_free() { # need_free PORT WHAT
  local who
  if who=$(holder "$1"); then
    say "port $1 ($2) is taken by $who; stop it, or choose others: TRY_PORTS=\"HTTP RELP AGENT SERVICE\" deploy/try.sh"
    exit 2
  fi
}
need_free "$http" "the collector's HTTP"
need_free "$relp" "the collector's RELP"
need_free "$agent" "the agent's HTTP"
[ $with_service = no ] || need_free "$service" "the calculator"

lacks=()
has javac || lacks+=(openjdk-17-jdk-headless)
has mvn || lacks+=(maven)
# The calculator's module is not in python3-minimal.
if [ $with_service = yes ]; then python3 -c 'import socketserver' 2>/dev/null || lacks+=(python3); fi
install_packages try "${lacks[@]}"

# A second run uses the first one's build, unless a source is newer.
built=collector/target/dist/built
if [ ! -f $built ] || [ -n "$(find pom.xml base agent collector alert-rules docs/runbooks -path '*/target' -prune -o -type f -newer $built -print -quit)" ]; then
  say "building (the first time takes a few minutes) ..."
  mvn -q -B --no-transfer-progress -Pfast package
  for each in agent collector; do deploy/archive.sh $each; done
  touch $built
fi

mkdir -p "$dir"
cat >"$dir/collector.yaml" <<YAML
storage: {path: $dir/collector}
listen: {http: '127.0.0.1:$http', relp: '127.0.0.1:$relp'}
scrape_configs:
  - job_name: node
    scrape_interval: 15s
    static_configs: [{targets: ['127.0.0.1:$agent'], labels: {node: $(uname -n)}}]
  - job_name: vigie
    static_configs: [{targets: ['127.0.0.1:$http']}]
rule_files: ['$root/collector/target/dist/alert-rules/*.yml']
YAML
cat >"$dir/agent.yaml" <<YAML
node: $(uname -n)
listen: 127.0.0.1:$agent
collector: relp://127.0.0.1:$relp
probes:
  - {name: calculatrice, tcp: '127.0.0.1:$service', every: 1s, timeout: 1s}
spool: {path: $dir/agent/spool}
YAML

pids=()
# shellcheck disable=SC2317  # called by the traps
stop() {
  trap - EXIT INT TERM
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  say "stopped; what was kept is in $dir"
}
trap 'stop; exit 0' INT TERM
trap stop EXIT

answers() { # answers PORT [PATH]: somebody listens, and has the page PATH
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return
  [ -z "$2" ] || { printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3 && head -n 1 <&3 | grep -q ' 200 '; }
}
wait_for() { # wait_for PORT PATH PID LOG WHAT
  local tries
  for tries in $(seq 1 600); do
    if (answers "$1" "$2") 2>/dev/null; then return 0; fi
    if ! kill -0 "$3" 2>/dev/null; then break; fi
    sleep 0.1
  done
  say "$5 did not start ($tries tries); the end of $4:"
  tail -n 15 "$4"
  exit 1
}

if [ $with_service = yes ]; then
  python3 deploy/example/calculator.py "$service" >"$dir/calculator.log" 2>&1 &
  service_pid=$!
  pids+=("$service_pid")
  wait_for "$service" "" "$service_pid" "$dir/calculator.log" "the calculator"
fi
# The collector's log goes to a file; cards are told from it by their shape and shown here.
: >"$dir/collector.log"
collector/target/dist/bin/collector run --config "$dir/collector.yaml" > >(tee -a "$dir/collector.log" | grep --line-buffered -v '^level=') 2>&1 &
collector_pid=$!
pids+=("$collector_pid")
wait_for "$http" /-/ready "$collector_pid" "$dir/collector.log" "the collector"
agent/target/dist/bin/agent run --config "$dir/agent.yaml" >"$dir/agent.log" 2>&1 &
agent_pid=$!
pids+=("$agent_pid")
wait_for "$agent" /readyz "$agent_pid" "$dir/agent.log" "the agent"

cli=$(realpath --relative-to="$PWD" collector/target/dist/bin/collector)
url=""
[ "$http" = 9337 ] || url="VIGIE_URL=http://127.0.0.1:$http "
if [ -n "${DISCORD_WEBHOOK_URL:-}${DISCORD_WEBHOOK_URL_FILE:-}" ]; then cards="Discord"; else cards="this terminal (set DISCORD_WEBHOOK_URL to post to Discord)"; fi
echo
echo "Vigie is running: collector (process $collector_pid), agent (process $agent_pid), probe of TCP 127.0.0.1:$service once a second."
echo "  open   http://127.0.0.1:$http/        the collector"
echo "         http://127.0.0.1:$agent/metrics the agent's metrics, as node_exporter has them"
echo "  type   $url$cli alerts list"
echo "         $url$cli events tail -f"
echo "         $url$cli nodes list"
if [ $with_service = yes ]; then
  echo "  break  kill $service_pid                 the calculator on $service dies; its card follows"
else
  echo "  break  start or stop something on port $service, such as: python3 deploy/example/calculator.py $service"
fi
echo "Cards go to $cards. Logs and data are in $dir. Ctrl-C ends all of it."
echo

# Ends when the collector or the agent does; the calculator may die.
wait -n "$collector_pid" "$agent_pid" || true
say "a program ended by itself; the ends of its logs:"
tail -n 5 "$dir/collector.log" "$dir/agent.log"
exit 1
