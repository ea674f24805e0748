# shellcheck shell=bash
# Sourced by try.sh and check.sh: installs the Debian packages that a bare machine lacks, and says so first.

has() { command -v "$1" >/dev/null 2>&1; }

install_packages() { # install_packages WHO PACKAGE...: with apt-get, as root or through sudo
  local who=$1 sudo=""
  shift
  [ $# -gt 0 ] || return 0
  local install=(apt-get install --no-install-recommends "$@")
  if ! has apt-get; then
    echo "$who: this machine lacks what these Debian packages hold, and has no apt-get to install them: $*" >&2
    exit 2
  fi
  if [ "$(id -u)" != 0 ]; then
    if ! has sudo; then
      echo "$who: this machine lacks: $*" >&2
      echo "$who: only root can install them and there is no sudo; as root type: apt-get update && ${install[*]}" >&2
      exit 2
    fi
    sudo=sudo
  fi
  echo "$who: installing with apt-get, since they lack: $*"
  if ! { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive "${install[@]}" -y -qq >/dev/null; }; then
    echo "$who: that failed; as root type: apt-get update && ${install[*]}" >&2
    exit 2
  fi
}
