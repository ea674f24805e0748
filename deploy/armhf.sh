#!/usr/bin/env bash
# Java 17 for ARMv7 with hard floats (a Raspberry Pi 2 to 4 with a 32-bit system), run by qemu's user-mode emulation: for tests
# of the collector on 32 bits.
#
#   deploy/armhf.sh setup DIR      unpack Java under DIR, about 200 MB; DIR/bin/java then runs it, so JAVA_HOME=DIR will do
#
# DIR has to lie on a tmpfs such as /dev/shm, and so has every folder whose files Java is to list: the emulation cannot tell a
# 32-bit program of places in an ext4 folder. Memory, processors and child processes are the host's. Nothing is installed:
# qemu-arm-static (package qemu-user-static) has to be there.
set -euo pipefail

. "$(dirname "$(readlink -f "$0")")/foreign.sh"
PACKAGES=openjdk-17-jre-headless

die() { echo "armhf: $*" >&2; exit 1; }
[ "${1:-}" = setup ] && [ $# = 2 ] || { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }
qemu=$(command -v qemu-arm-static) || die "no qemu-arm-static; install the package qemu-user-static"
mkdir -p "$2"
dir=$(cd "$2" && pwd)
[ "$(stat -f -c %T "$dir")" = tmpfs ] || die "$dir is not on a tmpfs; take a folder in /dev/shm"
[ "$(cat "$dir/done" 2>/dev/null)" != "$FOREIGN_SUITE $PACKAGES" ] || { echo "armhf: ready in $dir"; exit; }
echo "armhf: downloading Java for ARMv7 (about 60 MB) into $dir; nothing is installed"
foreign_packages armhf "$dir" whole $PACKAGES
# The emulation looks up links on the host's side.
find "$dir/root" -type l -lname '/*' -print | while IFS= read -r link; do
  ln -sfnr "$dir/root$(readlink "$link")" "$link"
done
# These would hide the host's.
for each in proc sys dev run tmp home root; do rmdir "$dir/root/$each" 2>/dev/null || true; done
mkdir -p "$dir/bin" "$dir/root/etc/ssl/certs/java"
cp /etc/ssl/certs/java/cacerts "$dir/root/etc/ssl/certs/java/" 2>/dev/null || true
# Java's own helper for child processes is an ARM program, which the host cannot start.
cat > "$dir/bin/java" <<JAVA
#!/bin/sh
exec $qemu -cpu cortex-a7 -L $dir/root $dir/root/usr/lib/jvm/java-17-openjdk-armhf/bin/java \\
  -Djdk.lang.Process.launchMechanism=VFORK -Djava.io.tmpdir=/dev/shm "\$@"
JAVA
chmod +x "$dir/bin/java"
"$dir/bin/java" -version
echo "$FOREIGN_SUITE $PACKAGES" > "$dir/done"
echo "armhf: ready in $dir"
