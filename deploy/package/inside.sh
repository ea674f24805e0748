#!/bin/bash
# What check.sh runs inside a Debian of its own: /packages/old and /packages/new hold the .debs of two versions.
set -uo pipefail
# shellcheck disable=SC2317  # called by must and soon
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
apt() { apt-get -y -qq -o Dpkg::Options::=--force-confold --no-install-recommends "$@"; }
listing() { find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /packages -o -path /tmp -o -path /run \) -prune -o -print | sort; }
mode() { [ "$(stat -c '%U:%G %a' "$1")" = "$2" ]; }
answers() { exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3 && grep -q "$3" <&3; }
version() { dpkg-query -W -f '${Version}' "$1"; }

# Java comes first, by itself: what is compared is what Vigie's packages leave.
began=$(now)
must "what they depend on is in Debian" apt install openjdk-17-jre-headless
apt purge vigie-agent >/dev/null 2>&1
listing >/tmp/before
began=$(now)
must "apt-get install ./vigie-agent_*.deb ./vigie-collector_*.deb" apt install /packages/old/vigie-agent_*.deb /packages/old/vigie-collector_*.deb
say "      installing both, class archives included: $(($(now) - began)) s"

for each in agent collector; do
  must "vigie-$each is a system user without a shell" sh -c "getent passwd vigie-$each | grep -q ':/nonexistent:/usr/sbin/nologin$' && [ \$(id -u vigie-$each) -lt 1000 ]"
  must "/etc/vigie/$each.yaml is its group's to read" mode "/etc/vigie/$each.yaml" "root:vigie-$each 640"
  must "the class archive of $each is there" test -s "/usr/lib/vigie/$each/lib/run.jsa"
  must "$each is on the path" "$each" version
  must "the completion of $each is a script" bash -n "/usr/share/bash-completion/completions/$each"
  must "the unit of $each is enabled" test -L "/etc/systemd/system/multi-user.target.wants/vigie-$each.service"
done
must "the agent's state is its own" mode /var/lib/vigie-agent "vigie-agent:vigie-agent 750"
must "the collector's state is its own" mode /var/lib/vigie "vigie-collector:vigie-collector 750"
must "man pages are readable" sh -c 'zcat /usr/share/man/man1/collector-alerts-list.1.gz | grep -q "fail"'

# As docs/install.md says, but for Discord, which is the small one below.
cat >/etc/vigie/agent.yaml <<YAML
node: p1
collector: relp://127.0.0.1:2514
probes:
  - {name: calculatrice, tcp: '127.0.0.1:13337', every: 1s}
YAML
perl /packages/discord.pl &
echo "http://127.0.0.1:8100/api/webhooks/1/x" >/etc/vigie/discord-webhook
chown root:vigie-collector /etc/vigie/discord-webhook
chmod 0640 /etc/vigie/discord-webhook
cat >>/etc/vigie/collector.yaml <<YAML
route: {receiver: discord, group_by: [alertname, node]}
receivers:
  - name: discord
    discord_configs:
      - webhook_url_file: /etc/vigie/discord-webhook
YAML
must "agent check warns but finds the configuration" sh -c 'runuser -u vigie-agent -- agent check | grep -q calculatrice'
must "collector check" runuser -u vigie-collector -- collector check
runuser -u vigie-collector -- collector run >/tmp/collector.log 2>&1 &
runuser -u vigie-agent -- agent run >/tmp/agent.log 2>&1 &
must "the agent answers on 9100" soon answers 9100 /metrics vigie_build_info
must "the collector answers on 9337" soon answers 9337 /-/ready ''
perl -MIO::Socket::INET -e '$l=IO::Socket::INET->new(Listen=>5,LocalAddr=>"127.0.0.1:13337",ReuseAddr=>1) or die; while($c=$l->accept){close $c}' &
service=$!
must "the probe is up" soon answers 9100 /metrics 'probe_success.*calculatrice.* 1$'
kill $service
must "a card in Discord says that it is down" soon grep -q 'POST.*calculatrice' /tmp/discord.log
must "collector alerts list shows it" sh -c 'collector alerts list | grep -q "firing.*ProbeDown"'
perl -MIO::Socket::INET -e '$l=IO::Socket::INET->new(Listen=>5,LocalAddr=>"127.0.0.1:13337",ReuseAddr=>1) or die; while($c=$l->accept){close $c}' &
must "the card is edited when it is back" soon grep -qi 'PATCH.*\(resolved\|is up\)' /tmp/discord.log
# The last one by number: runuser waits before it.
agent=$(grep -l 'vigie\.agent\.Main' /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | sort -n | tail -n 1)
must "the running agent uses its class archive" grep -q run.jsa "/proc/$agent/maps"

began=$(now)
must "upgrade to $(basename /packages/new/vigie-agent_*.deb)" apt install /packages/new/vigie-agent_*.deb /packages/new/vigie-collector_*.deb
say "      upgrading both: $(($(now) - began)) s"
must "the new version is there" test "$(version vigie-agent)" != "0.0.9-1"
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
[ $faults = 0 ] || tail -n 5 /tmp/agent.log /tmp/collector.log /tmp/discord.log
exit $((faults > 0))
