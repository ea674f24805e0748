#!/usr/bin/env bash
# Tries the packages on Debians of their own, made by debootstrap: installs them, configures them, has a probe fail and recover,
# upgrades from an older version, purges; lintian; rpm; the tar.gz under OpenRC. Needs root and, the first time, the network.
#
#   deploy/package/check.sh [DIR]      after deploy/release.sh; DIR (target/packages) keeps the Debians, about 1 GB
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
release=$(realpath target/release)
ls "$release"/*.deb "$release"/*.rpm "$release"/*.tar.gz >/dev/null || { echo "check: nothing to try; run: deploy/release.sh" >&2; exit 1; }

base "$dir" debian
# Its dependencies wait in apt's cache, so that the test itself needs no network.
[ -f "$dir/debian/java" ] || within "$dir/debian" net sh -c 'apt-get update -qq && apt-get install -y -qq --download-only --no-install-recommends openjdk-17-jre-headless >/dev/null && touch /java'
base "$dir" tools lintian rpm openrc systemd cpio openjdk-17-jre-headless

say "== .deb: install, use, upgrade, purge"
copy "$dir" debian "$root"
mkdir -p "$root/packages"/{old,new}
cp "$release"/*.deb "$root/packages/new/"
cp $here/inside.sh $here/discord.pl "$root/packages/"
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
# shellcheck disable=SC2016  # for the shell inside
within "$root" alone sh -c '
  for each in /packages/*.deb; do dpkg-deb -x $each /; done
  systemd-analyze verify /usr/lib/systemd/system/vigie-*.service /usr/lib/systemd/system/vigie-*.timer' || fault "systemd-analyze verify"

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
test -x /empty/usr/lib/vigie/agent/bin/agent && test -L /empty/usr/bin/collector
test -f /empty/usr/share/vigie/alert-rules/probe.yml
echo changed >> /empty/etc/vigie/agent.yaml
rpm --root /empty -e --nodeps --noscripts vigie-agent vigie-collector 2>&1 | grep rpmsave
left=$(find /empty ! -type d ! -name '*.rpmsave' ! -path '/empty/var/*')
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
./install.sh agent
test -x /opt/vigie/agent/bin/agent
for i in $(seq 300); do (exec 3<>/dev/tcp/127.0.0.1/9100) 2>/dev/null && break; sleep 0.2; done
exec 3<>/dev/tcp/127.0.0.1/9100; printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3; grep -m1 vigie_build_info <&3
pid=$(grep -l 'vigie[.]agent[.]Main' /proc/[0-9]*/cmdline | cut -d/ -f3 | tail -n 1)
stat -c 'runs as %U' "/proc/$pid" | grep vigie-agent
grep -q run.jsa "/proc/$pid/maps"
kill -9 "$pid"
for i in $(seq 300); do [ ! -d "/proc/$pid" ] && grep -l 'vigie[.]agent[.]Main' /proc/[0-9]*/cmdline >/dev/null 2>&1 && break; sleep 0.2; done
grep -l 'vigie[.]agent[.]Main' /proc/[0-9]*/cmdline | head -n 1 && echo "came back after kill -9"
rc-service vigie-agent reload
./install.sh agent --uninstall
test ! -e /opt/vigie && test ! -e /etc/init.d/vigie-agent && ! getent passwd vigie-agent
SH
if [ $faults = 0 ]; then say "all well"; else say "$faults parts went wrong"; exit 1; fi
