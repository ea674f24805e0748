#!/usr/bin/env bash
# Boots an emulated Raspberry Pi Zero (ARM1176, one core, 430 MB) with a folder of yours in it: Debian's own kernel for the
# Pi, Java 17 built for ARMv5TE, busybox. For tests; a real Pi Zero is some times faster.
#
#   deploy/pizero.sh setup DIR                                 unpack kernel, Java and busybox under DIR (about 340 MB)
#   deploy/pizero.sh run DIR APP [-f HOST:GUEST]... COMMAND    boot with APP as /app, run COMMAND (a line of busybox sh) there
#
# The console comes out on stdout; the exit status is COMMAND's. The host's loopback is 10.0.2.2 for the guest; -f gives a TCP
# port of the host's loopback to the guest. PIZERO_TIMEOUT (seconds, 600 unless set) bounds it all. Nothing is installed:
# qemu-system-arm and cpio have to be there.
set -euo pipefail

. "$(dirname "$(readlink -f "$0")")/foreign.sh"
PACKAGES="openjdk-17-jre-headless busybox-static linux-image-rpi"
LIB=usr/lib/arm-linux-gnueabi

die() { echo "pizero: $*" >&2; exit 1; }
usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }

setup() {
  local dir=$1
  [ "$(cat "$dir/done" 2>/dev/null)" = "$FOREIGN_SUITE $PACKAGES" ] && { echo "pizero: ready in $dir"; return; }
  echo "pizero: downloading Java, busybox and a kernel for ARMv6 (about 90 MB) into $dir; nothing is installed"
  # shellcheck disable=SC2086  # a list of packages
  foreign_packages armel "$dir" whole $PACKAGES
  echo "$FOREIGN_SUITE $PACKAGES" > "$dir/done"
  echo "pizero: ready in $dir"
}

# What the kernel unpacks into its memory, of which it lets half be used: busybox, Java without what no server needs, the
# libraries of both, the network card's modules.
pack() { # pack ROOT COMMAND TREE ARCHIVE
  local root=$1 tree=$3 java each
  mkdir -p "$tree"/{proc,sys,dev,tmp,run,root,app,modules,usr/bin,usr/sbin,$LIB,usr/lib/jvm,etc/ssl/certs/java}
  for each in bin sbin lib; do ln -s "usr/$each" "$tree/$each"; done
  cp -a "$root/usr/bin/busybox" "$tree/usr/bin/"
  ln -s busybox "$tree/usr/bin/sh"
  java=$(cd "$root" && echo usr/lib/jvm/java-17-openjdk-*)
  cp -a "$root/$java" "$tree/$java"
  rm -rf "$tree/$java"/{man,legal,lib/ct.sym,lib/libawt*,lib/libmlib*}
  cp -a "$root"/etc/java-17-openjdk "$tree/etc/"
  ln -s "/$java/bin/java" "$tree/usr/bin/java"
  cp -a "$root"/usr/lib/ld-linux.so.3 "$tree/usr/lib/"
  for each in ld-linux libc.so libm.so libz.so libpthread libdl librt libgcc_s libstdc++ libatomic libnss_files libresolv; do
    cp -a "$root/$LIB/$each"* "$tree/$LIB/" 2>/dev/null || true
  done
  for each in mii usbnet cdc_ether; do
    find "$root/usr/lib/modules" -name "$each.ko" -exec cp {} "$tree/modules/" \;
  done
  printf '%s\n' "$2" > "$tree/command"
  echo 'root:x:0:0:root:/root:/bin/sh' > "$tree/etc/passwd"
  printf '127.0.0.1 localhost\n10.0.2.2 host\n' > "$tree/etc/hosts"
  cat > "$tree/init" <<'INIT'
#!/bin/busybox sh
export PATH=/usr/bin:/usr/sbin HOME=/root
/bin/busybox --install -s /usr/bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp; mount -t tmpfs run /run
hostname pizero
ip link set lo up
for m in mii usbnet cdc_ether; do insmod /modules/$m.ko; done
card=""
for try in 1 2 3 4 5 6 7 8 9 10; do
  for n in usb0 eth0; do [ ! -e /sys/class/net/$n ] || card=$n; done
  [ -z "$card" ] || break
  sleep 1
done
ip addr add 10.0.2.15/24 dev $card; ip link set $card up; ip route add default via 10.0.2.2
# The application comes over the network, from a program that qemu runs for whoever connects there.
mount -t tmpfs app /app
cd /app
nc 10.0.2.100 1 < /dev/null | tar -x
sh /command
echo "PIZERO-EXIT $?"
sync; poweroff -f
INIT
  chmod +x "$tree/init"
  (cd "$tree" && find . -print0 | cpio --null --create --format=newc --quiet --owner=0:0 | gzip -1) > "$4"
}

run() {
  local dir=$1 app=$2 forwards="" kernel dtb status
  shift 2
  while [ "${1:-}" = -f ]; do
    forwards+=",hostfwd=tcp:127.0.0.1:${2%%:*}-:${2##*:}"
    shift 2
  done
  [ $# = 1 ] || usage
  [ -d "$app" ] || die "no folder $app"
  [ -f "$dir/done" ] || die "nothing in $dir; run: deploy/pizero.sh setup $dir"
  for each in qemu-system-arm cpio; do
    command -v $each > /dev/null || die "no $each; install the package $each"
  done
  kernel=$(echo "$dir"/root/boot/vmlinuz-*-rpi)
  dtb=$(find "$dir/root/usr/lib" -name bcm2835-rpi-zero.dtb | head -n 1)
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/tree"
  tar -C "$app" -chf "$work/app.tar" .
  pack "$dir/root" "$1" "$work/tree" "$work/initrd"
  rm -rf "$work/tree"
  # The emulation lacks the power driver's device, on which the kernel would panic.
  timeout --foreground "${PIZERO_TIMEOUT:-600}" qemu-system-arm -M raspi0 -icount shift=1,sleep=on -kernel "$kernel" -dtb "$dtb" -initrd "$work/initrd" \
    -append "console=ttyAMA0,115200 rdinit=/init initcall_blacklist=bcm2835_power_driver_init quiet" \
    -netdev "user,id=n0,guestfwd=tcp:10.0.2.100:1-cmd:cat $work/app.tar$forwards" -device usb-net,netdev=n0 -display none -no-reboot -serial stdio -monitor none \
    < /dev/null | sed -u 's|\r||g' | tee "$work/console" || true
  status=$(sed -n 's/^PIZERO-EXIT //p' "$work/console" | tail -n 1)
  [ -n "$status" ] || die "the machine ended without an exit status: PIZERO_TIMEOUT passed, or the kernel panicked"
  return "$status"
}

case ${1:-} in
  setup) [ $# = 2 ] || usage; setup "$2" ;;
  run) [ $# -ge 4 ] || usage; shift; run "$@" ;;
  *) usage ;;
esac
