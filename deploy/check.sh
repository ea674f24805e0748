#!/usr/bin/env bash
# Runs every check of the project: installs what a bare Debian machine lacks (and says so first), unpacks the peers that
# tests run against under target/peers, then runs `mvn verify`: format, static analysis, unit, integration and
# end-to-end tests. Further arguments go to Maven.
set -euo pipefail
cd "$(dirname "$0")/.."

lacks=""
command -v javac >/dev/null 2>&1 || lacks="$lacks openjdk-17-jdk-headless"
command -v mvn >/dev/null 2>&1 || lacks="$lacks maven"
command -v python3 >/dev/null 2>&1 || lacks="$lacks python3-minimal"
command -v unshare >/dev/null 2>&1 || lacks="$lacks util-linux"
command -v mount >/dev/null 2>&1 || lacks="$lacks mount"
command -v git >/dev/null 2>&1 || lacks="$lacks git"
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo

if [ ! -f target/peers/stable.done ] || [ ! -f target/peers/sid.done ] || [ -n "$lacks" ]; then
  echo "check: refreshing the package lists (apt-get update)"
  $sudo apt-get update -qq
fi
if [ -n "$lacks" ]; then
  echo "check: installing with apt-get, since they lack:$lacks"
  # shellcheck disable=SC2086  # a list of packages
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $lacks >/dev/null
fi
deploy/peers.sh install target/peers

echo "check: mvn verify"
exec mvn -B --no-transfer-progress verify "$@"
