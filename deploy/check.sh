#!/usr/bin/env bash
# Runs every check of the project: installs what a bare Debian machine lacks (and says so first), unpacks the peers that
# tests run against under target/peers, then runs `mvn verify`: format, static analysis, unit, integration and
# end-to-end tests. Further arguments go to Maven.
set -euo pipefail
cd "$(dirname "$0")/.."

. deploy/packages.sh
lacks=()
has javac || lacks+=(openjdk-17-jdk-headless)
has mvn || lacks+=(maven)
has unshare || lacks+=(util-linux)
has mount || lacks+=(mount)
python3 -c 'import socketserver' 2>/dev/null || lacks+=(python3)
install_packages check "${lacks[@]}"
deploy/peers.sh install target/peers

echo "check: mvn verify"
exec mvn -B --no-transfer-progress verify "$@"
