#!/usr/bin/env bash
# Makes the archives of loaded classes with which a built or installed program starts with less work:
# lib/run.jsa, and lib/cli.jsa for the collector's client commands.
#
#   deploy/archive.sh agent|collector [HOME [--if-stale]]        HOME: default PROGRAM/target/dist
#
# With --if-stale nothing is done where this Java takes the one that is there.
# Runs the program for some seconds on loopback, with what it keeps in a temporary folder. An archive holds for this Java,
# these jars and this place; where one of them changes, Java ignores it and starts slower until this runs again. So a
# failure here is told and is no error.
set -uo pipefail
umask 022 # The service's user reads the archive.
cd "$(dirname "$0")/.." || exit 2
case ${1:-} in agent | collector) what=$1 ;; *) sed -n '2,10p' "$0"; exit 2 ;; esac
home=$(cd "${2:-$what/target/dist}" && pwd) || exit 2
dir=$(mktemp -d)
pid=""
end() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null
  rm -rf "$dir" "$home"/lib/*.jsa.new
}
trap end EXIT
trap 'exit 1' INT TERM
# usable ARCHIVE: this Java takes it, whole
usable() {
  JAVA_OPTS="-XX:SharedArchiveFile=$1 -XX:+VerifySharedSpaces -Xshare:on" "$home/bin/$what" version >"$dir/log" 2>&1
}
if [ "${3:-}" = --if-stale ] && [ -e "$home/lib/run.jsa" ] && usable "$home/lib/run.jsa"; then exit 0; fi
give_up() { echo "archive: $what starts without an archive of its classes: $1"; tail -n 3 "$dir/log" 2>/dev/null; exit 0; }

get() { # get PORT PATH
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n' "$2" >&3
  cat <&3 >"$dir/answer"
  exec 3>&-
}

free_port() {
  local port
  for _ in 1 2 3 4 5 6 7 8 9; do
    port=$((20000 + RANDOM % 10000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo $port; return; }
  done
}

rm -f "$home"/lib/*.jsa 2>/dev/null
[ -w "$home/lib" ] || give_up "$home/lib can't be written"
# The build gives all jars one fixed time. With a time of their own Java sees that an archive is older than a rebuilt jar.
touch "$home"/lib/*.jar

# The Java that the launcher takes.
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
[ ! -x "$home/runtime/bin/java" ] || java=$home/runtime/bin/java
classpath=$(printf '%s:' "$home"/lib/*.jar)

# make NAME: NAME.jsa of the classes in NAME.list. A static archive, the JDK's own classes in it: those in use and no others,
# so that the JDK's archive is not mapped beside it.
make() {
  "$java" -XX:+UseSerialGC -Xlog:disable -Xlog:all=error -Xshare:dump -XX:SharedClassListFile="$dir/$1.list" \
    -XX:SharedArchiveFile="$home/lib/$1.jsa.new" -cp "${classpath%:}" >"$dir/log" 2>&1 || give_up "this Java made none"
}

port=$(free_port)
if [ "$what" = agent ]; then
  cat >"$dir/config.yaml" <<YAML
node: archive
listen: 127.0.0.1:$port
collector: relp://127.0.0.1:9
probes: [{name: archive, tcp: '127.0.0.1:$port', every: 1s}]
spool: {path: $dir/spool}
YAML
else
  cat >"$dir/config.yaml" <<YAML
storage: {path: $dir/storage}
listen: {http: '127.0.0.1:$port', relp: '127.0.0.1:$(free_port)'}
scrape_configs: [{job_name: vigie, scrape_interval: 1s, static_configs: [{targets: ['127.0.0.1:$port']}]}]
rule_files: ['$home/alert-rules/*.yml']
YAML
fi

JAVA_OPTS="${JAVA_OPTS:-} -XX:DumpLoadedClassList=$dir/run.list" \
  "$home/bin/$what" run --config "$dir/config.yaml" >"$dir/log" 2>&1 &
pid=$!
for _ in $(seq 3000); do # a Pi Zero takes over a minute
  ! grep -q "$what started" "$dir/log" || break
  kill -0 "$pid" 2>/dev/null || give_up "its first run failed"
  sleep 0.1
done
get "$port" /metrics || give_up "it does not answer"
sleep 2 # A probe, a scrape, an evaluation.
get "$port" /metrics
if [ "$what" = collector ]; then
  VIGIE_URL=http://127.0.0.1:$port JAVA_OPTS="${JAVA_OPTS:-} -XX:DumpLoadedClassList=$dir/cli.list" \
    "$home/bin/$what" alerts list >"$dir/log.cli" 2>&1
fi
kill "$pid"
wait "$pid"
pid=""
make run
[ "$what" != collector ] || make cli
for archive in "$home"/lib/*.jsa.new; do
  [ -e "$archive" ] || give_up "this Java made none"
  # A damaged one could crash what maps it, so it is checked whole, and on the disk before it has its name.
  usable "$archive" || give_up "the one made cannot be used"
  sync "$archive"
  mv "$archive" "${archive%.new}"
done
