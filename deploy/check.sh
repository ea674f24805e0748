#!/usr/bin/env bash
# Runs every check of the project: installs what a bare Debian machine lacks (and says so first), unpacks the peers that
# tests run against under target/peers and an emulated Pi Zero under target/pizero, then runs `mvn verify`: format, static analysis, unit, integration and
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
has qemu-system-arm || lacks+=(qemu-system-arm)
has cpio || lacks+=(cpio)
has ip || lacks+=(iproute2)
install_packages check "${lacks[@]}"
deploy/peers.sh install target/peers
deploy/pizero.sh setup target/pizero

# Tests mount small disks to fill them: who is not root does so in a namespace, where the home has to be named.
as_root=()
if [ "$(id -u)" != 0 ] && unshare --user --map-root-user --mount true 2>/dev/null; then
  as_root=(unshare --user --map-root-user --mount)
  export MAVEN_OPTS="-Duser.home=$HOME ${MAVEN_OPTS:-}"
fi
echo "check: mvn verify"
exec "${as_root[@]}" mvn -B --no-transfer-progress verify "$@"
