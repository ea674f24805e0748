# shellcheck shell=bash
# Sourced by pizero.sh, debian.sh and runtime.sh: Debian packages of any architecture, unpacked and never installed. It uses an apt
# of its own, so that the machine's dpkg database, architectures and lists stay as they are.

FOREIGN_SUITE=bookworm
FOREIGN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

debian_mirror() {
  local mirror
  # shellcheck disable=SC2016  # apt's own words
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' | awk '$2 == "Debian" && $1 !~ /security/ {print $1; exit}')
  if [ -z "$mirror" ]; then
    # A machine that never ran apt-get update has its mirror in the sources alone.
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
      sed -n -e 's/^deb \(\[[^]]*\] \)\{0,1\}\(http[^ ]*\) .*/\2/p' -e 's/^URIs: \([^ ]*\).*/\1/p' |
      grep -v security | head -n 1 || true)
  fi
  [ -n "$mirror" ] || { echo "no Debian mirror in the apt sources of this machine" >&2; return 1; }
  echo "$mirror"
}

# Unpacks packages, and with "whole" all that they depend on, into DIR/root.
foreign_packages() { # foreign_packages ARCH DIR whole|bare PACKAGE...
  local arch=$1 dir mode=$3 mirror apt each
  [ -f "$FOREIGN_KEYRING" ] || { echo "no $FOREIGN_KEYRING; install debian-archive-keyring" >&2; return 1; }
  mkdir -p "$2"
  dir=$(cd "$2" && pwd)
  shift 3
  mirror=$(debian_mirror) || return 1
  rm -rf "$dir/apt" "$dir/root"
  mkdir -p "$dir"/apt/{sources,preferences,state/lists/partial,cache/archives/partial} "$dir"/root/usr/{bin,sbin,lib}
  : > "$dir/apt/status"
  echo "deb [arch=$arch signed-by=$FOREIGN_KEYRING] $mirror $FOREIGN_SUITE main" > "$dir/apt/sources/$arch.list"
  apt=(apt-get -qq -y -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o APT::Install-Recommends=false
    -o APT::Sandbox::User=root -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$dir/apt/sources"
    -o Dir::Etc::preferences=/dev/null -o "Dir::Etc::preferencesparts=$dir/apt/preferences"
    -o "Dir::State=$dir/apt/state" -o "Dir::State::status=$dir/apt/status" -o "Dir::Cache=$dir/apt/cache")
  "${apt[@]}" update || { echo "the mirror $mirror cannot be reached" >&2; return 1; }
  if [ "$mode" = whole ]; then
    "${apt[@]}" install --download-only "$@" > /dev/null
  else
    (cd "$dir/apt/cache/archives" && "${apt[@]}" download "$@")
  fi || { echo "a download failed; run this again" >&2; return 1; }
  # Folders merged as on every Debian of today, or ld.so looks in the wrong one.
  for each in bin sbin lib; do ln -s "usr/$each" "$dir/root/$each"; done
  for each in "$dir"/apt/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$each" | tar -x --no-same-owner --keep-directory-symlink -C "$dir/root"
  done
  rm -rf "$dir/apt"
}
