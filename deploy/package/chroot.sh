# shellcheck shell=bash
# Sourced by check.sh and clone.sh: throw-away Debians made by debootstrap. Needs root; nothing of this machine is changed.

. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../foreign.sh"

# base DIR NAME PACKAGE...: DIR/NAME, a minimal Debian with the packages, made or completed where it is not there yet.
base() {
  local dir=$1/$2 mirror
  shift 2
  [ "$(cat "$dir.done" 2>/dev/null)" != "$FOREIGN_SUITE $*" ] || return 0
  [ "$(id -u)" = 0 ] || { echo "debootstrap needs root" >&2; return 1; }
  if [ ! -e "$dir.done" ]; then
    command -v debootstrap >/dev/null || { echo "no debootstrap; run: apt-get install debootstrap" >&2; return 1; }
    mirror=$(debian_mirror) || return 1
    echo "chroot: making $dir with debootstrap (Debian $FOREIGN_SUITE, some hundred MB)"
    rm -rf "$dir"
    mkdir -p "${dir%/*}"
    debootstrap --variant=minbase "$FOREIGN_SUITE" "$dir" "$mirror" >"$dir.log" 2>&1 || { tail -n 5 "$dir.log" >&2; return 1; }
    [ -e "$dir/etc/hosts" ] || printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$dir/etc/hosts"
    # A mirror behind a proxy, or one that lags, is so for it, too.
    apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-(Valid-Until|Date)) ' >"$dir/etc/apt/apt.conf.d/90machine" || true
    : >"$dir.done"
  fi
  if [ $# -gt 0 ]; then
    within "$dir" net sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null' sh "$@" >>"$dir.log" 2>&1 ||
      { tail -n 5 "$dir.log" >&2; return 1; }
  fi
  echo "$FOREIGN_SUITE $*" >"$dir.done"
}

# within ROOT net|alone COMMAND...: in ROOT with /proc, /sys and /dev; alone: with a loopback of its own and no other network, so
# that its ports are free whatever runs beside. All processes that the command leaves end with it.
within() {
  local root=$1 mode=$2 net=()
  shift 2
  if [ "$mode" = alone ]; then net=(--net); else cp /etc/resolv.conf "$root/etc/resolv.conf"; fi
  # shellcheck disable=SC2016  # for the shell inside
  unshare --mount --pid --fork --kill-child "${net[@]}" bash -c '
    root=$0
    # A mount of its own: Java asks /proc/mounts where a folder lies.
    mount --bind "$root" "$root" && mount -t proc proc "$root/proc" && mount -t sysfs -o ro sys "$root/sys" && mount --rbind /dev "$root/dev" || exit 125
    ip link set lo up 2>/dev/null || true
    # Not by exec: as the first process this shell buries those that lose their parents, as every machine has one that does.
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
    exit $?
  ' "$root" "$@"
}

# copy DIR NAME TO: TO is a throw-away copy of DIR/NAME.
copy() {
  rm -rf "$3"
  cp -a --reflink=auto "$1/$2" "$3"
}
