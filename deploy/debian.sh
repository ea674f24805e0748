#!/usr/bin/env bash
# Boots an emulated amd64 machine with Debian 12 and its systemd: for tests of what only a whole machine shows (the unit as
# installed, crash loops, shutdown, power cuts). No KVM is needed, so it is some twenty times slower than this machine.
#
#   deploy/debian.sh setup DIR                             qemu, a kernel and Debian with Java 17 under DIR (about 1.3 GB)
#   deploy/debian.sh boot DIR DISK APP [-f HOST:GUEST]...  boot from the file DISK, made from DIR's where it does not exist
#
# The console comes out on stdout. SIGKILL is the power cut; what the guest has synced is in DISK. The folder APP is in the
# guest as /app. The host's loopback is 10.0.2.2 for the guest; -f gives a TCP port of the host's loopback to the guest.
# Port 7000 of the guest is a root shell: what is sent is run, what it prints comes back. Packages are downloaded and
# unpacked, nothing is installed: mke2fs and cpio have to be there.
set -euo pipefail

. "$(dirname "$(readlink -f "$0")")/foreign.sh"
GUEST="base-files base-passwd bash coreutils dash diffutils findutils grep sed mawk gzip tar hostname libc-bin util-linux mount
  passwd login procps systemd systemd-sysv udev dbus kmod iproute2 iputils-ping busybox-static openjdk-17-jre-headless
  linux-image-cloud-amd64"
EMULATOR=qemu-system-x86
LIB=usr/lib/x86_64-linux-gnu
# A change to this file makes another disk.
VERSION=$(sha256sum "$(readlink -f "$0")" | cut -c1-16)

die() { echo "debian: $*" >&2; exit 1; }
usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }

setup() {
  local dir tree as_root=""
  PATH=$PATH:/usr/sbin
  [ "$(cat "$1/done" 2>/dev/null)" = "$VERSION" ] && { echo "debian: ready in $1"; return; }
  for each in mke2fs cpio; do
    command -v $each > /dev/null || die "no $each; install e2fsprogs and cpio"
  done
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  rm -f "$dir/done"
  if [ "$(cat "$dir/unpacked" 2>/dev/null)" != "$FOREIGN_SUITE $EMULATOR $GUEST" ]; then
    echo "debian: downloading qemu, a kernel, systemd and Java for amd64 (about 300 MB) into $dir; nothing is installed"
    # shellcheck disable=SC2086  # a list of packages
    foreign_packages amd64 "$dir/guest" whole $GUEST
    foreign_packages amd64 "$dir/qemu" whole "$EMULATOR"
    echo "$FOREIGN_SUITE $EMULATOR $GUEST" > "$dir/unpacked"
  fi
  tree=$dir/tree
  rm -rf "$tree"
  cp -al "$dir/guest/root" "$tree"
  furnish "$tree"
  initrd "$tree" "$dir"
  rm -f "$dir/disk.new"
  # Owned by root in the guest, whoever runs this here.
  [ "$(id -u)" = 0 ] || as_root="unshare --user --map-root-user"
  $as_root mke2fs -q -t ext4 -d "$tree" "$dir/disk.new" 1600M
  mv "$dir/disk.new" "$dir/disk"
  rm -rf "$tree"
  echo "$VERSION" > "$dir/done"
  echo "debian: ready in $dir"
}

# put FILE: a new file, which is no longer the unpacked one under the same name
put() { mkdir -p "$(dirname "$1")"; rm -f "$1"; cat > "$1"; }

# What the packages' own scripts would do at their installation, as far as it is needed here.
furnish() {
  local tree=$1 unit java
  put "$tree/etc/passwd" < "$tree/usr/share/base-passwd/passwd.master"
  put "$tree/etc/group" < "$tree/usr/share/base-passwd/group.master"
  printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' | put "$tree/etc/nsswitch.conf"
  ln -sf mawk "$tree/usr/bin/awk"
  java=$(cd "$tree" && echo usr/lib/jvm/java-17-openjdk-*)
  ln -sf "/$java/bin/java" "$tree/usr/bin/java"
  rm -rf "$tree/$java"/{man,legal,lib/ct.sym} "$tree"/usr/share/{doc,man,locale,info} "$tree"/usr/lib/modules/*/kernel/{drivers/gpu,sound}
  "$tree/$LIB/ld-linux-x86-64.so.2" --argv0 depmod --library-path "$tree/$LIB" "$tree/usr/bin/kmod" \
    -b "$tree" "$(cd "$tree/usr/lib/modules" && echo *)"

  head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' | put "$tree/etc/machine-id"
  echo booted | put "$tree/etc/hostname"
  printf '127.0.0.1 localhost booted\n10.0.2.2 host\n' | put "$tree/etc/hosts"
  echo '/dev/vda / ext4 rw,relatime 0 0' | put "$tree/etc/fstab"
  mkdir -p "$tree/var/log/journal" "$tree/app"
  put "$tree/etc/systemd/network/eth0.network" <<'EOF'
[Match]
Name=eth0
[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
LinkLocalAddressing=no
EOF
  put "$tree/etc/systemd/system/app.service" <<'EOF'
[Unit]
Description=The folder that was given to this machine
ConditionPathExists=/dev/vdb
ConditionDirectoryNotEmpty=!/app
[Service]
Type=oneshot
ExecStart=tar -x --no-same-owner -f /dev/vdb -C /app
EOF
  put "$tree/etc/systemd/system/shell.socket" <<'EOF'
[Unit]
Description=A root shell for whoever boots this machine
[Socket]
ListenStream=7000
Accept=yes
EOF
  put "$tree/etc/systemd/system/shell@.service" <<'EOF'
[Unit]
Description=A root shell for whoever boots this machine
After=app.service
Wants=app.service
[Service]
ExecStart=-/bin/bash -s
StandardInput=socket
StandardOutput=socket
StandardError=socket
WorkingDirectory=/app
EOF
  mkdir -p "$tree"/etc/systemd/system/{sockets,multi-user,network-online}.target.wants
  ln -sf ../shell.socket "$tree/etc/systemd/system/sockets.target.wants/"
  ln -sf /lib/systemd/system/systemd-networkd.service "$tree/etc/systemd/system/multi-user.target.wants/"
  ln -sf /lib/systemd/system/systemd-networkd-wait-online.service "$tree/etc/systemd/system/network-online.target.wants/"
  for unit in getty@tty1 serial-getty@ttyS0 getty-static systemd-rfkill e2scrub_reap systemd-hwdb-update; do
    ln -sf /dev/null "$tree/etc/systemd/system/$unit.service"
  done
}

# The kernel of a cloud has what its disk needs in modules.
initrd() {
  local tree=$1 dir=$2 small=$2/initrd.tree version each
  version=$(cd "$tree/usr/lib/modules" && echo *)
  rm -rf "$small"
  mkdir -p "$small"/{bin,proc,sys,dev,new} "$small/lib/modules/$version"
  cp "$tree/usr/bin/busybox" "$small/bin/"
  cp "$tree/usr/lib/modules/$version"/modules.{dep,alias,softdep,builtin} "$small/lib/modules/$version/"
  for each in drivers/virtio drivers/block fs/ext4 fs/jbd2 fs/mbcache.ko lib crypto arch/x86/crypto; do
    [ ! -e "$tree/usr/lib/modules/$version/kernel/$each" ] ||
      (cd "$tree/usr/lib/modules/$version" && cp --parents -r "kernel/$each" "$small/lib/modules/$version/")
  done
  cat > "$small/init" <<'EOF'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
for m in virtio_pci virtio_blk crc32c_generic ext4; do modprobe $m; done
until [ -b /dev/vda ]; do sleep 0.1; done
mount -t ext4 -o rw /dev/vda /new
umount /proc /sys
mount --move /dev /new/dev
exec switch_root /new /sbin/init
EOF
  chmod +x "$small/init"
  (cd "$small" && find . -print0 | cpio --null --create --format=newc --quiet --owner=0:0 | gzip -1) > "$dir/initrd"
  rm -rf "$small"
  cp "$tree/boot/vmlinuz-$version" "$dir/vmlinuz"
}

boot() {
  local dir=$1 disk=$2 app=$3 forwards=""
  shift 3
  while [ "${1:-}" = -f ]; do
    forwards+=",hostfwd=tcp:127.0.0.1:${2%%:*}-:${2##*:}"
    shift 2
  done
  [ $# = 0 ] || usage
  [ -d "$app" ] || die "no folder $app"
  [ -f "$dir/done" ] || die "nothing in $dir; run: deploy/debian.sh setup $dir"
  [ -f "$disk" ] || cp --sparse=always --reflink=auto "$dir/disk" "$disk"
  [ -f "$disk.app" ] || tar -C "$app" -chf "$disk.app" .
  export QEMU_MODULE_DIR=$dir/qemu/root/$LIB/qemu
  exec "$dir/qemu/root/$LIB/ld-linux-x86-64.so.2" --library-path "$dir/qemu/root/$LIB:$dir/qemu/root/$LIB/pulseaudio" \
    "$dir/qemu/root/usr/bin/qemu-system-x86_64" -L "$dir/qemu/root/usr/share/qemu" -L "$dir/qemu/root/usr/share/seabios" \
    -M pc -accel "${DEBIAN_ACCEL:-tcg,thread=multi}" ${DEBIAN_QEMU:-} -m 1024 -kernel "$dir/vmlinuz" -initrd "$dir/initrd" \
    -append "console=ttyS0 net.ifnames=0 quiet systemd.show_status=1 mitigations=off" \
    -drive "file=$disk,format=raw,if=virtio,cache=writeback" -drive "file=$disk.app,format=raw,if=virtio,readonly=on" \
    -netdev "user,id=n0$forwards" -device virtio-net-pci,netdev=n0,romfile= -device virtio-rng-pci \
    -display none -vga none -serial stdio -monitor none < /dev/null
}

case ${1:-} in
  setup) [ $# = 2 ] || usage; setup "$2" ;;
  boot) [ $# -ge 4 ] || usage; shift; boot "$@" ;;
  *) usage ;;
esac
