#!/bin/bash
# What check.sh runs inside a Debian of its own: /packages/old and /packages/new hold the .debs of two versions. Configurations and
# commands are those of docs/guides/one-server.md, taken from there: what it does not say is not done.
# shellcheck disable=SC2317  # functions are called by must and soon
set -uo pipefail
guide=/packages/one-server.md
faults=0
say() { echo "check: $*"; }
must() { # must WHAT COMMAND...
  local what=$1
  shift
  if "$@" >/tmp/out 2>&1; then say "ok    $what"; else say "WRONG $what"; sed 's/^/         /' /tmp/out | tail -n 12; faults=$((faults + 1)); fi
}
now() { date +%s; }
soon() { # soon COMMAND...: within two minutes
  for _ in $(seq 600); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done
  return 1
}
apt() { apt-get -qq "$@"; }
cat >/etc/apt/apt.conf.d/90check <<'CONF'
APT::Get::Assume-Yes "true";
APT::Install-Recommends "false";
Dpkg::Options { "--force-confold"; };
CONF
listing() { find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /packages -o -path /tmp -o -path /run \) -prune -o -print | sort; }
mode() { [ "$(stat -c '%U:%G %a' "$1")" = "$2" ]; }
answers() { exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3 && grep -q "$3" <&3; }
field() { dpkg-query -W -f "\${$2}" "$1"; }

# A file as the guide gives it: its first block that begins with the file's name.
block() {
  awk -v name="# $1" '/^```/ { if (found) exit; open = !open; line = 0; next }
    open { line++; if (line == 1 && $0 == name) { found = 1; next } if (found) print }' "$guide"
}
# shellcheck disable=SC2094  # a name
configure() { block "$1" >"$1" && test -s "$1"; }
# A command as it stands in the guide. No systemd and no sudo are here: these do of them what the guide asks for.
typed() { if grep -qxF -- "$1" "$guide"; then eval "$1"; else echo "the guide does not say: $1" && return 1; fi; }
shows() { typed "$1" | grep -q -- "$2"; }
sudo() { if [ "$1" = -u ]; then runuser -u "$2" -- "${@:3}"; else "$@"; fi; }
main() { grep -l "vigie\.$1\.Main" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | sort -n | tail -n 1; }
gone() { [ -z "$(main "$1")" ]; }
# The program as its unit says: command, user and environment, but no sandbox.
start() {
  local unit=/usr/lib/systemd/system/vigie-$1.service
  # shellcheck disable=SC2046  # words
  runuser -u "$(sed -n 's/^User=//p' "$unit")" -- env $(sed -n 's/^Environment=//p' "$unit") $(sed -n 's/^ExecStart=//p' "$unit") >>"/tmp/$1.log" 2>&1 &
}
serve() { # the service that is watched
  perl -MIO::Socket::INET -e '$l=IO::Socket::INET->new(Listen=>5,LocalAddr=>"127.0.0.1:13337",ReuseAddr=>1) or die; while($c=$l->accept){close $c}' &
  service=$!
}
resolved() { grep -q 'PATCH.*Resolved: ProbeDown on p1.*calculatrice' /tmp/discord.log; }
systemctl() {
  case "$*" in
    "stop calculatrice") kill "$service" ;;
    "reload vigie-"*) kill -HUP "$(main "${2#vigie-}")" ;;
    "restart vigie-"*) kill "$(main "${2#vigie-}")" && soon gone "${2#vigie-}" && start "${2#vigie-}" ;;
    *) echo "systemctl $* is not known here" && return 1 ;;
  esac
}

# Java comes first, by itself: what is compared is what Vigie's packages leave.
began=$(now)
must "what they depend on is in Debian" apt install openjdk-17-jre-headless
apt purge vigie-agent >/dev/null 2>&1
listing >/tmp/before
began=$(now)
cd /packages/old || exit
must "the guide's installation" typed 'sudo apt-get install ./vigie-collector_*.deb ./vigie-agent_*.deb'
say "      installing both, class archives included: $(($(now) - began)) s"

for each in agent collector; do
  must "vigie-$each is a system user without a shell" sh -c "getent passwd vigie-$each | grep -q ':/nonexistent:/usr/sbin/nologin$' && [ \$(id -u vigie-$each) -lt 1000 ]"
  must "/etc/vigie/$each.yaml is its group's to read" mode "/etc/vigie/$each.yaml" "root:vigie-$each 640"
  must "the class archive of $each is there" test -s "/usr/lib/vigie/$each/lib/run.jsa"
  must "$each is on the path" "$each" version
  must "$each asks for Java 17, whoever brings it" sh -c "dpkg-query -W -f '\${Depends}' vigie-$each | grep -q '^openjdk-17-jre-headless | java17-runtime-headless,'"
  must "/etc/vigie/$each.yaml is the conffile of vigie-$each" test "$(field "vigie-$each" Conffiles | awk '{print $1}' | xargs)" = "/etc/vigie/$each.yaml"
  must "the unit of $each is enabled" test -L "/etc/systemd/system/multi-user.target.wants/vigie-$each.service"
done
must "the agent's state is its own" mode /var/lib/vigie-agent "vigie-agent:vigie-agent 750"
must "the collector's state is its own" mode /var/lib/vigie "vigie-collector:vigie-collector 750"

serve
for each in agent collector; do start $each; done
must "the agent answers on 9100" soon answers 9100 /metrics vigie_build_info
must "the collector answers on 9337" soon answers 9337 /-/ready ''
must "the collector hears the agent, as shipped" soon shows 'collector nodes list' "$(uname -n)"
must "the guide's agent.yaml" configure /etc/vigie/agent.yaml
must "its check" typed 'sudo -u vigie-agent agent check'
must "the agent restarts" typed 'sudo systemctl restart vigie-agent'
must "the agent answers again" soon answers 9100 /metrics vigie_build_info
must "the probe by hand" typed 'sudo -u vigie-agent agent probe calculatrice'
perl /packages/discord.pl &
must "the webhook's file" typed 'sudo install -m 0640 -g vigie-collector /dev/stdin /etc/vigie/discord-webhook' \
  <<<"http://127.0.0.1:8100/api/webhooks/1/x"
must "it is the collector's to read" mode /etc/vigie/discord-webhook "root:vigie-collector 640"
must "the guide's collector.yaml" configure /etc/vigie/collector.yaml
must "its check" typed 'sudo -u vigie-collector collector check'
must "the collector takes it" typed 'sudo systemctl reload vigie-collector'
must "so it says" soon grep -q 'configuration reloaded' /tmp/collector.log
must "p1 is heard" soon shows 'collector nodes list' '^p1 '
must "the drill" typed 'collector drill'
must "its card" grep -qi 'POST.*drill' /tmp/discord.log
must "the probe is up" soon answers 9100 /metrics 'probe_success.*calculatrice.* 1$'
must "the service stops" typed 'sudo systemctl stop calculatrice'
must "a card in Discord says that it is down" soon grep -q 'POST.*calculatrice' /tmp/discord.log
must "the list of alerts shows it" shows 'collector alerts list' 'firing.*ProbeDown'
must "the events show it" shows 'collector events search --node p1 --since 10m' 'probe\.down'
serve
must "its card is edited to resolved" soon resolved
agent=$(main agent)
must "the running agent uses its class archive" grep -q run.jsa "/proc/$agent/maps"

began=$(now)
must "upgrade to $(basename /packages/new/vigie-agent_*.deb)" apt install /packages/new/vigie-agent_*.deb /packages/new/vigie-collector_*.deb
say "      upgrading both: $(($(now) - began)) s"
must "the new version is there" test "$(field vigie-agent Version)" != "0.0.9-1"
must "the changed configuration stays" grep -q calculatrice /etc/vigie/agent.yaml
must "so does who may read it" mode /etc/vigie/agent.yaml "root:vigie-agent 640"
must "a file that only the old version had is gone" test ! -e /usr/lib/vigie/agent/lib/old.jar
must "the running agent did not mind" answers 9100 /metrics vigie_build_info
for each in agent collector; do
  must "the class archive of $each is for the new jars" sh -c "JAVA_OPTS='-XX:SharedArchiveFile=/usr/lib/vigie/$each/lib/run.jsa -Xshare:on' $each version"
done
# shellcheck disable=SC2046  # pids
kill $(jobs -p) 2>/dev/null
# shellcheck disable=SC2013  # numbers
for pid in $(grep -l 'vigie\.[a-z]*\.Main' /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3); do kill "$pid" 2>/dev/null; done
soon sh -c '! grep -l "vigie\.[a-z]*\.Main" /proc/[0-9]*/cmdline'

must "remove keeps configuration and state" sh -c 'apt-get -y -qq remove vigie-agent && [ -e /etc/vigie/agent.yaml ] && [ -d /var/lib/vigie-agent/spool ] && [ ! -e /usr/lib/vigie/agent ]'
rm -f /etc/vigie/discord-webhook
must "purge" apt purge vigie-agent vigie-collector
listing >/tmp/after
# dpkg's and apt's own notes, and what adding users changes.
comm -13 /tmp/before /tmp/after | grep -vE '^/(etc/(passwd|group|shadow|gshadow|subuid|subgid)-?|var/(lib/(dpkg|apt)|log|cache/(apt|debconf|ldconfig))/.*)$' >/tmp/left
must "nothing is left" sh -c 'cat /tmp/left; [ ! -s /tmp/left ]'
[ $faults = 0 ] || say "$faults wrong; the agent's and the collector's last words:"
[ $faults = 0 ] || tail -n 5 /tmp/agent.log /tmp/collector.log /tmp/discord.log | cut -c1-300
exit $((faults > 0))
