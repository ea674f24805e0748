#!/usr/bin/env bash
# Starts a collector and an agent as one command, and ends both when it is ended. CONFIG holds the collector's
# configuration, the agent's and a rule file, parted by lines "---"; {relp}, {agent} (free ports) and {rules} are filled in.
#
#   bench/vigie.sh CONFIG DIR
set -euo pipefail
config=$1 dir=$2
root=$(cd "$(dirname "$0")/.." && pwd)

free_port() {
  local port=$((20000 + RANDOM % 10000))
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  echo $port
}
sed "s#{relp}#$(free_port)#g; s#{agent}#$(free_port)#g; s#{rules}#$dir/rules.yml#g" "$config" |
  awk -v dir="$dir" 'BEGIN {split("collector.yaml agent.yaml rules.yml", name, " "); n = 1}
    /^---$/ {n++; next} {print > (dir "/" name[n])}'

pids=()
end() {
  trap - EXIT INT TERM
  kill "${pids[@]}" 2>/dev/null || true
  wait "${pids[@]}" 2>/dev/null || true
}
trap 'end; exit 143' INT TERM
trap end EXIT
"$root/collector/target/dist/bin/collector" run --config "$dir/collector.yaml" &
pids+=($!)
"$root/agent/target/dist/bin/agent" run --config "$dir/agent.yaml" &
pids+=($!)
wait -n
echo "one of the two ended by itself"
exit 1
