#!/usr/bin/env bash
# Tries the packages on Debians of their own, made by debootstrap: installs them, configures them, has a probe fail and recover,
# upgrades from an older version, purges; lintian; rpm; the tar.gz under OpenRC. Needs root and, the first time, the network.
#
#   deploy/package/check.sh [DIR [RELEASE]]   after deploy/release.sh; DIR (target/packages) keeps the Debians, about 1 GB;
#                                             RELEASE (target/release) holds what is tried
set -euo pipefail
cd "$(dirname "$0")/../.."
here=deploy/package
# shellcheck source=deploy/package/chroot.sh
. $here/chroot.sh
dir=$(realpath -m "${1:-target/packages}")
root=$dir/tried
faults=0
say() { echo "check: $*"; }
fault() { say "WRONG $*"; faults=$((faults + 1)); }
trap 'rm -rf "$root" "$dir/work"' EXIT
release=$(realpath -m "${2:-target/release}")
ls "$release"/*.deb "$release"/*.rpm "$release"/*.tar.gz >/dev/null || { echo "check: nothing to try; run: deploy/release.sh" >&2; exit 1; }

base "$dir" debian
# Its dependencies wait in apt's cache, so that the test itself needs no network.
[ -f "$dir/debian/java" ] || within "$dir/debian" net sh -c 'apt-get update -qq && apt-get install -y -qq --download-only --no-install-recommends openjdk-17-jre-headless >/dev/null && touch /java'
base "$dir" tools lintian rpm openrc systemd cpio openjdk-17-jre-headless man-db bash-completion busybox

say "== .deb: install, use, upgrade, purge"
copy "$dir" debian "$root"
mkdir -p "$root/packages"/{old,new}
cp "$release"/*.deb "$root/packages/new/"
cp $here/inside.sh $here/discord.pl docs/guides/one-server.md "$root/packages/"
for deb in "$release"/*.deb; do # the same as an older version
  rm -rf "$dir/work"
  dpkg-deb -R "$deb" "$dir/work"
  sed -i 's/^Version: .*/Version: 0.0.9-1/' "$dir/work/DEBIAN/control"
  sed -i '1i # of 0.0.9' "$dir"/work/etc/vigie/*.yaml
  (cd "$dir"/work/usr/lib/vigie/*/lib && cp jspecify-*.jar old.jar)
  name=$(basename "$deb")
  dpkg-deb --root-owner-group -Znone -b "$dir/work" "$root/packages/old/${name%%_*}_0.0.9-1_all.deb" >/dev/null
done
within "$root" alone bash /packages/inside.sh || fault "see above"

say "== lintian"
copy "$dir" tools "$root"
mkdir -p "$root/packages"
cp "$release"/* "$root/packages/"
within "$root" alone sh -c 'lintian --allow-root --no-cfg --fail-on error /packages/*.deb' || fault "lintian finds errors"
within "$root" alone bash -s <<'SH' || fault "units, man pages or completion: see above"
set -euo pipefail
for each in /packages/*.deb; do dpkg-deb -x "$each" /; done
systemd-analyze verify /usr/lib/systemd/system/vigie-*.service /usr/lib/systemd/system/vigie-*.timer
for each in agent collector; do
  systemd-analyze security --offline=true --threshold=20 /usr/lib/systemd/system/vigie-$each.service | tail -n 1
done
pages=0
for page in /usr/share/man/man1/{agent,collector}*.1.gz; do
  man --warnings -E UTF-8 -l "$page" >/tmp/page 2>/tmp/faults
  [ ! -s /tmp/faults ] || { echo "$page:"; cat /tmp/faults; exit 1; }
  grep -q '^SYNOPSIS' /tmp/page
  pages=$((pages + 1))
done
echo "man -l: $pages pages without a warning"
# offers WORD COMMAND...: bash, which looks for the completion itself, has WORD for the last one
offers() {
  local word=$1
  shift
  bash -c '
    . /usr/share/bash-completion/bash_completion
    _completion_loader "$1" || [ $? = 124 ]
    compopt() { :; }
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
    "$(complete -p "$1" | sed "s/.*-F \([^ ]*\) .*/\1/")"
    printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | grep -qxF -- "$word" || { echo "bash has no $word for: $*"; exit 1; }
}
offers alerts collector al
offers list collector alerts l
offers --fail-on collector alerts list --f
offers drill agent dr
offers --config agent run --c
echo "completion: bash finds it and offers commands and options"
SH

say "== .rpm"
within "$root" alone bash -s <<'SH' || fault ".rpm: see above"
set -eu
for rpm in /packages/*.rpm; do
  rpm -K --nosignature "$rpm"
  rpm -qp --requires "$rpm" | grep -q '^java-headless >= 1:17'
  # What is not root's and 0644 is listed: changes here are to be meant.
  rpm -qplv "$rpm" | awk '{print $1, $3, $4, $NF}' | grep -vE '^(-rw-r--r-- root root|lrwx)' || true
done
echo "installed into an empty root:"
mkdir -p /empty
rpm --root /empty --initdb
rpm --root /empty -i --nodeps --noscripts /packages/*.rpm
rpm --root /empty -qa
test -x /empty/usr/lib/vigie/agent/bin/agent
test -L /empty/usr/bin/collector
test -f /empty/usr/share/vigie/alert-rules/probe.yml
echo changed >> /empty/etc/vigie/agent.yaml
rpm --root /empty -e --nodeps --noscripts vigie-agent vigie-collector 2>&1 | grep rpmsave
left=$(find /empty ! -type d ! -name '*.rpmsave' ! -path '/empty/var/*' ! -path '/empty/root/.rpmdb/*')
[ -z "$left" ] || { echo "left: $left"; exit 1; }
echo "with scripts, on this machine of Debian's:"
rpm --force-debian -i --nodeps /packages/vigie-agent-*.rpm
getent passwd vigie-agent; stat -c '%U:%G %a' /etc/vigie/agent.yaml | grep 'root:vigie-agent 640'
test -s /usr/lib/vigie/agent/lib/run.jsa
agent version
rpm --force-debian -e --nodeps vigie-agent
test ! -e /usr/lib/vigie/agent
SH

say "== tar.gz with OpenRC"
copy "$dir" tools "$root"
mkdir -p "$root/packages"
cp "$release"/*.tar.gz "$root/packages/"
within "$root" alone bash -s <<'SH' || fault "tar.gz: see above"
set -eu
cd /packages && tar -xzf ./*.tar.gz && cd vigie-*/
mkdir -p /run/openrc && echo default > /run/openrc/softlevel
umask 077 # as of a careful administrator
for what in agent collector; do
  if [ $what = agent ]; then port=9100 page=/metrics; else port=9337 page=/-/ready; fi
  main() { grep -l "vigie[.]$what[.]Main" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | tail -n 1; }
  soon() { for i in $(seq 600); do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.2; done; echo "never: $*"; return 1; }
  answers() { (exec 3<>/dev/tcp/127.0.0.1/$port && printf "GET $page HTTP/1.0\r\n\r\n" >&3 && head -n 1 <&3 | grep ' 200 '); }
  other() { [ -n "$(main)" ] && [ "$(main)" != "$pid" ]; }
  ./install.sh $what </dev/null
  soon answers
  pid=$(main)
  stat -c 'runs as %U' "/proc/$pid" | grep vigie-$what
  grep -q run.jsa "/proc/$pid/maps"
  rc-service vigie-$what status
  kill -9 "$pid"
  soon other
  soon answers
  echo "came back after kill -9"
  rc-service vigie-$what reload
  soon grep -q 'configuration reloaded' /var/log/vigie-$what.log
  echo "took its configuration again"
  ./install.sh $what --uninstall
done
for left in /opt/vigie /etc/init.d/vigie-agent /etc/init.d/vigie-collector; do test ! -e $left; done
if getent passwd vigie-agent vigie-collector; then exit 1; fi
echo "with Alpine's shell, busybox, files only:"
mkdir /busybox && busybox --install -s /busybox
ln -s /usr/bin/install /busybox/install # Debian's busybox has none
box() { env PATH=/busybox JAVA_HOME="$(echo /usr/lib/jvm/java-17-openjdk-*)" DESTDIR=/alpine INIT=openrc /busybox/sh "$@"; }
for what in agent collector; do
  box ./install.sh $what
  mkdir -p /alpine/opt/vigie/$what/runtime/bin && touch /alpine/opt/vigie/$what/runtime/bin/mine
  box ./install.sh $what
  test -e /alpine/opt/vigie/$what/runtime/bin/mine
  rm -r /alpine/opt/vigie/$what/runtime
  box /alpine/opt/vigie/$what/bin/$what version
  /busybox/sh -n /alpine/etc/init.d/vigie-$what
  box ./install.sh $what --uninstall
done
test -z "$(find /alpine ! -type d)"
SH
if [ $faults = 0 ]; then say "all well"; else say "$faults parts went wrong"; exit 1; fi
