#!/usr/bin/env bash
# Builds the OCI images of agent and collector without a container engine or a registry: Debian's own buildah in a chroot, on a
# base made by debootstrap; then starts what is in them in a chroot. Needs root and debootstrap; nothing is installed here.
#
#   deploy/image.sh build DIR     after mvn -Pfast package: DIR/vigie-agent-amd64.tar, DIR/vigie-collector-amd64.tar, for docker or podman load
#   deploy/image.sh try DIR       start both as their user, with a read-only root; ask their health check and an event's way
#
# PLATFORM=linux/amd64, linux/arm64, linux/arm/v7 or linux/arm/v6 (Pi Zero, Pi 1); otherwise this machine's. Programs of another one run
# by qemu-user-static in a namespace of their own (Linux 6.7 or newer), some ten times slower. PROGRAMS="agent" builds and tries only that.
set -euo pipefail
usage() { sed -n '2,9p' "$0"; exit 2; }
[ $# = 2 ] || usage
die() { echo "image: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "must be root, for chroots"
repo=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$2" && dir=$(cd "$2" && pwd)
. "$repo/deploy/foreign.sh"
own=$(dpkg --print-architecture)
case ${PLATFORM:-$own} in
  linux/amd64 | amd64) platform=linux/amd64 arch=amd64 qemu=x86_64 ;;
  linux/arm64 | arm64) platform=linux/arm64 arch=arm64 qemu=aarch64 ;;
  linux/arm/v7 | armhf) platform=linux/arm/v7 arch=armhf qemu=arm cpu=cortex-a7 ;;
  # Debian's armel is for ARMv5, so that all of it is within ARMv6; its armhf is for ARMv7.
  linux/arm/v6 | armel) platform=linux/arm/v6 arch=armel qemu=arm cpu=arm1176 ;;
  *) usage ;;
esac
name=${platform#linux/} && name=${name//\//}
read -ra programs <<< "${PROGRAMS:-agent collector}"
out=$dir/out-$name
mounts=()
end() { for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do umount -l "${mounts[$i]}"; done; }
trap end EXIT
bind() { mkdir -p "$2" && mount --rbind --make-rslave "$1" "$2" && mounts+=("$2"); }

foreign() { [ "$arch" != "$own" ]; }
# emulated COMMAND...: where programs of the platform run, too. binfmt_misc is the namespace's own: the machine knows nothing of it. All
# ids are mapped to themselves; devices cannot be made in it.
emulated() {
  local pid tries
  [ -e "/usr/lib/binfmt.d/qemu-$qemu.conf" ] || die "no qemu for $qemu; install qemu-user-static"
  [ -z "${cpu:-}" ] || export QEMU_CPU=$cpu
  mkfifo "$dir/go.$$"
  # shellcheck disable=SC2016  # for the shell inside
  unshare --user --mount bash -euc '
    read -r _ < "$1"
    mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    cat "/usr/lib/binfmt.d/qemu-$2.conf" > /proc/sys/fs/binfmt_misc/register
    exec "${@:3}"' emulated "$dir/go.$$" "$qemu" "$@" &
  pid=$!
  for tries in $(seq 100); do
    [ "$(readlink "/proc/$pid/ns/user")" = "$(readlink /proc/self/ns/user)" ] || break
    sleep 0.1
  done
  echo "0 0 4294967295" > "/proc/$pid/uid_map" && echo "0 0 4294967295" > "/proc/$pid/gid_map"
  echo go > "$dir/go.$$"
  rm "$dir/go.$$"
  wait "$pid"
}

# tree NAME ARCH PACKAGES: a Debian of its own under DIR/NAME
tree() {
  local root=$dir/$1 arch=$2 packages=$3 stages=()
  [ ! -f "$root.done" ] || return 0
  echo "image: making $root"
  rm -rf "$root"
  [ "$arch" = "$own" ] || stages=(--foreign "--arch=$arch")
  debootstrap "${stages[@]}" --variant=minbase --include=ca-certificates "$FOREIGN_SUITE" "$root" "$(debian_mirror)" > "$root.log" 2>&1 ||
    { tail -n 5 "$root.log"; exit 1; }
  if [ "$arch" != "$own" ]; then
    for each in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0" "console 5 1" "ptmx 5 2"; do
      # shellcheck disable=SC2086  # three words
      set -- $each
      [ -e "$root/dev/$1" ] || mknod -m 666 "$root/dev/$1" c "$2" "$3"
    done
    # In a container of lxc's, as it takes this for, debootstrap does not try to make a device.
    # shellcheck disable=SC2016  # for the shell inside
    container=lxc emulated bash -euc 'mount --rbind /proc "$1/proc"; chroot "$1" /debootstrap/debootstrap --second-stage' stage "$root" >> "$root.log" 2>&1 ||
      { tail -n 5 "$root.log"; exit 1; }
  fi
  # shellcheck disable=SC2086  # a list of packages
  [ -z "$packages" ] || DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -qq -y --no-install-recommends install $packages >> "$root.log" 2>&1
  rm -rf "$root"/var/cache/apt/archives/*.deb
  # Containers get theirs from what runs them.
  find "$root/dev" -mindepth 1 -xdev -delete
  touch "$root.done"
}

build() {
  tree "base-$name" "$arch" ""
  tree tools "$own" buildah
  if foreign; then emulated "$0" build-here "$dir"; else build_here; fi
}

build_here() {
  # buildah remounts its root, which has to be a mount for that.
  bind "$dir/tools" "$dir/tools"
  bind /proc "$dir/tools/proc"
  bind /dev "$dir/tools/dev"
  bind "$repo" "$dir/tools/repo"
  bind "$dir/base-$name" "$dir/tools/base"
  mkdir -p "$out"
  bind "$out" "$dir/tools/out"
  cp /etc/resolv.conf "$dir/tools/etc/resolv.conf"
  # Docker's format of images: OCI's has no place for a health check, which everything that runs images but OCI's own tools knows.
  # Chroot isolation: no namespaces or cgroups are asked of the kernel. vfs: in a namespace an overlay cannot rename folders, which dpkg
  # does; by the file, since buildah took an overlay whatever STORAGE_DRIVER said.
  printf '[storage]\ndriver = "vfs"\nrunroot = "/run/vigie"\ngraphroot = "/var/lib/vigie"\n' > "$dir/tools/etc/containers/storage.conf"
  # shellcheck disable=SC2016  # for the shell inside
  chroot "$dir/tools" env LC_ALL=C.UTF-8 bash -euo pipefail -c '
    platform=$1 name=$2
    export BUILDAH_ISOLATION=chroot
    [ -f /etc/containers/policy.json ] || { echo "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}" > /etc/containers/policy.json; }
    base=$(buildah from --platform "$platform" scratch)
    # From scratch it calls every arm v7. What is built on it takes its platform over; asked for v6 by name, it would not find it.
    IFS=/ read -r _ arch variant <<< "$platform"
    buildah config --arch "$arch" --variant "$variant" "$base"
    buildah copy -q "$base" /base / > /dev/null
    buildah commit -q "$base" "localhost/vigie-base-$name" > /dev/null
    buildah rm "$base" > /dev/null
    for each in "${@:3}"; do
      image=vigie-$each-$name
      buildah build -q --format docker --pull-never --build-arg "BASE=localhost/vigie-base-$name" \
        -f "/repo/deploy/images/Containerfile.$each" -t "$image" /repo
      rm -f "/out/$image.tar"
      buildah push -q "$image" "docker-archive:/out/$image.tar:localhost/vigie-$each:latest"
      buildah inspect --type image --format "image: $each for {{.Docker.OS}}/{{.Docker.Architecture}}{{with .Docker.Variant}}/{{.}}{{end}}" "$image" && echo
      # What is in it, for the trial.
      made=$(buildah from --pull-never "$image")
      rm -rf "/out/$each"
      cp -a "$(buildah mount "$made")" "/out/$each"
      buildah rm "$made" > /dev/null
    done' build "$platform" "$name" "${programs[@]}"
  for each in "${programs[@]}"; do mv "$out/vigie-$each-$name.tar" "$dir/"; done
  ls -l "$dir"/vigie-*-"$name".tar
}

# run NAME FOLDER-TO-WRITE COMMAND...: becomes the command, as in a container with a read-only root: its user, its own mounts
run() {
  local root=$out/$1 state=$2
  shift 2
  # shellcheck disable=SC2016  # for the shell inside
  exec unshare --mount bash -euc '
    root=$1 state=$2
    shift 2
    mount --bind "$root" "$root"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount -t tmpfs -o uid=65532,gid=65532,mode=0750 tmpfs "$root$state"
    mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -o remount,ro,bind "$root"
    exec chroot --userspec=65532:65532 "$root" "$@"' run "$root" "$state" "$@"
}

try() {
  for each in "${programs[@]}"; do [ -d "$out/$each" ] || die "nothing to try; run: deploy/image.sh build $dir"; done
  # A network of its own: ports are free whatever runs beside.
  if foreign; then emulated unshare --net "$0" try-here "$dir"; else unshare --net "$0" try-here "$dir"; fi
}

try_here() {
  local pids=() each tries check state
  if [ "$qemu" = arm ]; then
    # Emulated 32-bit programs cannot list folders of ext4, whose places in them take 64 bits; tmpfs has small ones.
    out=$(mktemp -d -p /dev/shm)
    trap 'rm -rf "$out"; end' EXIT
    for each in "${programs[@]}"; do cp -a "$dir/out-$name/$each" "$out/"; done
  fi
  ip link set lo up
  for each in "${programs[@]}"; do
    case $each in
      agent) check="9100 /readyz" state=/var/lib/vigie-agent ;;
      collector) check="9337 /-/ready" state=/var/lib/vigie ;;
    esac
    run "$each" "$state" "/opt/vigie/$each/bin/$each" run > "$out/$each.log" 2>&1 &
    pids+=($!)
    # Emulated, a Java without a compiler takes minutes. It asks as the container's health check does.
    for tries in $(seq 1200); do
      # shellcheck disable=SC2086  # two words
      if chroot "$out/$each" /opt/vigie/healthy.sh $check 2> /dev/null; then break; fi
      if ! kill -0 "${pids[-1]}" 2> /dev/null || [ "$tries" = 1200 ]; then
        tail -n 5 "$out"/*.log
        kill "${pids[@]}" 2> /dev/null || true
        echo "image: FAILED: $each was not well"
        exit 1
      fi
      sleep 0.5
    done
    echo "image: $each is well: healthy.sh $check"
  done
  [[ " ${programs[*]} " != *" collector "* ]] || (run collector /var/lib/vigie /opt/vigie/collector/bin/collector nodes list)
  kill "${pids[@]}"
  for each in "${pids[@]}"; do
    wait "$each" || [ $? = 143 ] || { echo "image: FAILED: a program did not end well"; exit 1; }
  done
  echo "image: ${programs[*]} of $platform started as user 65532 on a read-only root, well, and ended when told to"
}

case $1 in
  build) build ;;
  try) try ;;
  build-here) build_here ;;
  try-here) try_here ;;
  *) usage ;;
esac
