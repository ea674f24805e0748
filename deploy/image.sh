#!/usr/bin/env bash
# Builds the OCI images of agent and collector without a container engine or a registry: Debian's own buildah in a chroot, on a
# base made by debootstrap; then starts what is in them in a chroot. Needs root and debootstrap; nothing is installed here.
#
#   deploy/image.sh build DIR     after mvn -Pfast package: DIR/vigie-agent.tar, DIR/vigie-collector.tar, for docker or podman load
#   deploy/image.sh try DIR       start both as their user, with a read-only root; ask their health check and an event's way
#
# For this machine's architecture. For another one: buildah build --platform linux/arm64 … where qemu's binfmt is registered; for
# arm/v6 SUITE and MIRROR may name Raspbian's (MIRROR=http://archive.raspbian.org/raspbian, on an ARM machine).
set -euo pipefail
[ $# = 2 ] || { sed -n '2,10p' "$0"; exit 2; }
[ "$(id -u)" = 0 ] || { echo "image: must be root, for chroots" >&2; exit 1; }
repo=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$2" && dir=$(cd "$2" && pwd)
. "$repo/deploy/foreign.sh"
suite=${SUITE:-$FOREIGN_SUITE}
mounts=()
end() { for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do umount -l "${mounts[$i]}"; done; }
trap end EXIT
bind() { mkdir -p "$2" && mount --rbind --make-rslave "$1" "$2" && mounts+=("$2"); }

tree() { # tree NAME PACKAGES: a Debian of its own under DIR/NAME
  [ ! -f "$dir/$1.done" ] || return 0
  echo "image: making $dir/$1"
  rm -rf "${dir:?}/$1"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$dir/$1" "${MIRROR:-$(debian_mirror)}" > "$dir/$1.log" 2>&1
  # shellcheck disable=SC2086  # a list of packages
  [ -z "$2" ] || DEBIAN_FRONTEND=noninteractive chroot "$dir/$1" apt-get -qq -y --no-install-recommends install $2 >> "$dir/$1.log" 2>&1
  rm -rf "$dir/$1"/var/cache/apt/archives/*.deb
  touch "$dir/$1.done"
}

build() {
  tree base ""
  tree tools buildah
  # buildah remounts its root, which has to be a mount for that.
  bind "$dir/tools" "$dir/tools"
  bind /proc "$dir/tools/proc"
  bind /dev "$dir/tools/dev"
  bind "$repo" "$dir/tools/repo"
  bind "$dir/base" "$dir/tools/base"
  mkdir -p "$dir/out"
  bind "$dir/out" "$dir/tools/out"
  cp /etc/resolv.conf "$dir/tools/etc/resolv.conf"
  # Docker's format of images: OCI's has no place for a health check, which everything that runs images but OCI's own tools knows.
  # Chroot isolation: no namespaces or cgroups are asked of the kernel; vfs: no overlay.
  chroot "$dir/tools" env LC_ALL=C.UTF-8 bash -euo pipefail -c '
    export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
    [ -f /etc/containers/policy.json ] || { mkdir -p /etc/containers; echo "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}" > /etc/containers/policy.json; }
    base=$(buildah from scratch)
    buildah copy -q "$base" /base / > /dev/null
    buildah commit -q "$base" localhost/vigie-base > /dev/null
    buildah rm "$base" > /dev/null
    for each in agent collector; do
      buildah build -q --format docker --pull-never --build-arg BASE=localhost/vigie-base -f /repo/deploy/images/Containerfile.$each -t vigie-$each /repo
      rm -f /out/vigie-$each.tar
      buildah push -q vigie-$each docker-archive:/out/vigie-$each.tar:vigie-$each:latest
      # What is in it, for the trial.
      made=$(buildah from --pull-never vigie-$each)
      rm -rf /out/$each
      cp -a "$(buildah mount "$made")" /out/$each
      buildah rm "$made" > /dev/null
    done'
  for each in agent collector; do mv "$dir/out/vigie-$each.tar" "$dir/"; done
  ls -l "$dir"/vigie-*.tar
}

# run NAME FOLDER-TO-WRITE COMMAND...: becomes the command, as in a container with a read-only root: its user, its own mounts, this host's network
run() {
  local root=$dir/out/$1 state=$2
  shift 2
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
  [ -d "$dir/out/agent" ] || { echo "image: nothing to try; run: deploy/image.sh build $dir" >&2; exit 1; }
  local pids=() each tries
  run collector /var/lib/vigie /opt/vigie/collector/bin/collector run > "$dir/collector.log" 2>&1 &
  pids+=($!)
  run agent /var/lib/vigie-agent /opt/vigie/agent/bin/agent run > "$dir/agent.log" 2>&1 &
  pids+=($!)
  for each in "9337 /-/ready" "9100 /readyz"; do
    for tries in $(seq 1 120); do
      # shellcheck disable=SC2086  # two words
      if chroot "$dir/out/agent" /opt/vigie/healthy.sh $each 2>/dev/null; then break; fi
      sleep 0.5
    done
    # shellcheck disable=SC2086  # two words
    chroot "$dir/out/agent" /opt/vigie/healthy.sh $each || { tail -n 5 "$dir"/*.log; kill "${pids[@]}"; echo "image: FAILED: $each"; exit 1; }
  done
  (run collector /var/lib/vigie /opt/vigie/collector/bin/collector nodes list)
  kill "${pids[@]}"
  for each in "${pids[@]}"; do
    wait "$each" || [ $? = 143 ] || { echo "image: FAILED: a program did not end well"; exit 1; }
  done
  echo "image: both started as user 65532 on a read-only root, were well, and ended when told to"
}

case $1 in build) build ;; try) try ;; *) sed -n '2,10p' "$0"; exit 2 ;; esac
