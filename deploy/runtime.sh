#!/usr/bin/env bash
# Makes a Java runtime of just what the agent needs, with jlink: about 45 MB instead of 190, for a machine without Java.
#
#   deploy/runtime.sh ARCH [DIR]    ARCH: amd64, arm64 or armhf (ARMv7); DIR: agent/target/runtime-ARCH
#
# Copy DIR beside the agent's bin/ and lib/ as runtime/, and bin/agent takes it before any other Java. For another
# architecture than this machine's the modules come from Debian's JDK 17 of that one; this machine's jlink makes the image. For
# ARMv6 (Pi Zero, Pi 1) there is no such JDK in Debian: use the distribution's JRE there.
set -euo pipefail

. "$(dirname "$(readlink -f "$0")")/foreign.sh"
# TLS needs jdk.crypto.ec; Netty jdk.unsupported; keep-alive times of sockets jdk.net; certificates' names java.naming.
MODULES=java.base,java.logging,java.management,java.naming,java.xml,jdk.crypto.ec,jdk.management,jdk.net,jdk.unsupported

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }
die() { echo "runtime: $*" >&2; exit 1; }

[ $# -ge 1 ] || usage
arch=$1
root=$(dirname "$(dirname "$(readlink -f "$0")")")
out=${2:-$root/agent/target/runtime-$arch}
case $arch in
  amd64 | arm64 | armhf) ;;
  *) usage ;;
esac
home=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}
[ -x "$home/bin/jlink" ] || die "no jlink in $home; install openjdk-17-jdk-headless"
if [ "$(dpkg --print-architecture)" = "$arch" ]; then
  jmods=$home/jmods
else
  fetched=$root/agent/target/jdk-$arch
  if [ ! -f "$fetched/done" ]; then
    echo "runtime: downloading Debian's JDK 17 for $arch (about 75 MB) into $fetched; nothing is installed"
    foreign_packages "$arch" "$fetched" bare openjdk-17-jdk-headless
    touch "$fetched/done"
  fi
  jmods=$(echo "$fetched"/root/usr/lib/jvm/java-17-openjdk-*/jmods)
fi
[ -d "$jmods" ] || die "no modules in $jmods; install openjdk-17-jdk-headless"
rm -rf "$out"
"$home/bin/jlink" --module-path "$jmods" --add-modules "$MODULES" --output "$out" \
  --no-header-files --no-man-pages --compress=1
echo "runtime: $out ($(du -sm "$out" | cut -f1) MB)"
