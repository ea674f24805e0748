#!/usr/bin/env bash
# Unpacks the programs that tests and benchmarks run against, from Debian packages; installs and starts nothing.
#
#   deploy/peers.sh install [DIR]     download and unpack what lacks (DIR: target/peers)
#   deploy/peers.sh versions [DIR]    print what is there
#
# DIR/bin: prometheus promtool alertmanager amtool node_exporter blackbox_exporter rsyslogd netdata strace
#          busybox systemd systemd-journald systemd-analyze dbus-daemon nsd postgres initdb dovecot slapd nginx apache2
#          of this machine's Debian release; of Debian sid docker-compose, kustomize and, with the suffix 3, the Prometheus tools.
set -euo pipefail

# rsyslog, netdata, systemd-analyze, postgres, dovecot and slapd bring the libraries along that a bare machine lacks.
STABLE="prometheus prometheus-alertmanager prometheus-node-exporter prometheus-blackbox-exporter
  rsyslog rsyslog-relp rsyslog-gnutls rsyslog-openssl libestr0 libfastjson4 liblognorm5 librelp0 libzstd1
  syslog-ng-core libivykis0 libnet1 libpcre3 libwrap0 libnsl2 libglib2.0-0 bsdutils
  netdata-core netdata-plugins-bash netdata-web libjson-c5 libmnl0 libnetfilter-acct1 libuv1 liblz4-1
  strace libunwind8
  systemd libsystemd-shared libapparmor1 libargon2-1 libcryptsetup12 libdevmapper1.02.1 libfdisk1 libip4tc2 libkmod2
  libseccomp2
  dbus-daemon libdbus-1-3 libexpat1
  busybox iputils-ping nsd libevent-2.1-7 libprotobuf-c1 libfstrm0
  postgresql-15 libpq5 libxml2 libicu72 libldap-2.5-0 libsasl2-2 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0
  libkeyutils1 libtirpc3 libssl3
  dovecot-core dovecot-imapd dovecot-pop3d dovecot-submissiond libsodium23 slapd libltdl7"
# Each of these is a root of its own, so that one more costs no download of the others.
WEB="nginx apache2-bin libapr1 libaprutil1"
SID="prometheus prometheus-alertmanager prometheus-node-exporter prometheus-blackbox-exporter"
# They read what container engines are given, and need none for it.
CLIENTS="docker-compose kustomize"

say() { echo "peers: $*"; }
die() { echo "peers: $*" >&2; exit 1; }

unpack() { # unpack DEBS ROOT
  local deb
  mkdir -p "$2"
  for deb in "$1"/*.deb; do dpkg-deb -x "$deb" "$2"; done
}

# A launcher that finds the program's libraries beside it and becomes the program, so that its process id is the caller's.
launcher() { # launcher NAME ROOT PROGRAM
  [ -x "$DIR/$2/$3" ] || { say "not in the packages: $1 ($3)"; return 0; }
  cat > "$DIR/bin/$1" <<SH
#!/bin/sh
root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")/$2
export LD_LIBRARY_PATH="\$root/usr/lib/$ARCH:\$root/lib/$ARCH:\$root/usr/lib/$ARCH/systemd:\$root/lib/$ARCH/systemd:\$root/usr/lib/syslog-ng"
exec "\$root/$3" "\$@"
SH
  chmod +x "$DIR/bin/$1"
}

# Debian's alertmanager reads its templates from /usr/share/prometheus. Where they are not installed it gets them in a
# mount namespace of its own, which only root may make.
launcher_with_share() { # launcher_with_share NAME ROOT PROGRAM
  launcher "$@"
  [ -x "$DIR/bin/$1" ] || return 0
  cat > "$DIR/bin/$1" <<SH
#!/bin/sh
root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")/$2
if [ ! -d /usr/share/prometheus/alertmanager ] && [ "\$(id -u)" = 0 ]; then
  exec unshare -m sh -c 'mount -t overlay overlay -o lowerdir="\$0/usr/share:/usr/share" /usr/share && exec "\$0/$3" "\$@"' "\$root" "\$@"
fi
exec "\$root/$3" "\$@"
SH
}

# Runs a server that refuses to be root as nobody, who then still writes where the caller may: with the right of root to
# do so or, where the caller is not root (or only in a namespace), as the caller under another name.
as_nobody() {
  cat > "$DIR/as-nobody" <<'SH'
#!/bin/sh
nobody="setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+dac_override --ambient-caps=+dac_override"
$nobody true 2>/dev/null || nobody="unshare --user --map-user=65534 --map-group=65534"
exec $nobody "$@"
SH
  chmod +x "$DIR/as-nobody"
}

launcher_as_nobody() { # launcher_as_nobody NAME ROOT PROGRAM
  launcher "$@"
  [ ! -x "$DIR/bin/$1" ] || sed -i 's|^exec |exec "$root/../as-nobody" |' "$DIR/bin/$1"
}

# Dovecot looks for its parts in /usr/lib/dovecot and /usr/bin. It finds them there in a mount namespace, where links to
# what is there and to these take the two folders' place. 77: the machine allows no mounts.
launcher_of_dovecot() { # launcher_of_dovecot NAME ROOT PROGRAM
  launcher "$@"
  [ -x "$DIR/bin/$1" ] || return 0
  mkdir -p "$DIR/mnt/lib" "$DIR/mnt/bin" "$DIR/mnt/new"
  sed -i '/^exec /d' "$DIR/bin/$1"
  cat >> "$DIR/bin/$1" <<'SH'
own="unshare --mount"
$own true 2>/dev/null || own="unshare --user --map-root-user --mount"
$own true || exit 77
exec $own sh -c '
  mnt=$0/../mnt
  mount -t tmpfs tmpfs "$mnt/new" || exit 77
  for part in lib/dovecot bin/doveconf; do
    folder=${part%/*}
    mount --rbind "/usr/$folder" "$mnt/$folder" && mkdir "$mnt/new/$folder" &&
      ln -s "$mnt/$folder"/* "$mnt/new/$folder" && ln -sfn "$0/usr/$part" "$mnt/new/$folder" &&
      mount --bind "$mnt/new/$folder" "/usr/$folder" || exit 77
  done
  exec "$0/../as-nobody" "$0/usr/sbin/dovecot" "$@"' "$root" "$@"
SH
}

prometheus_launchers() { # prometheus_launchers ROOT SUFFIX
  launcher "node_exporter$2" "$1" usr/bin/prometheus-node-exporter
  launcher "blackbox_exporter$2" "$1" usr/bin/prometheus-blackbox-exporter
  launcher "prometheus$2" "$1" usr/bin/prometheus
  [ -x "$DIR/$1/usr/bin/promtool" ] && launcher "promtool$2" "$1" usr/bin/promtool
  launcher_with_share "alertmanager$2" "$1" usr/bin/prometheus-alertmanager
  launcher_with_share "amtool$2" "$1" usr/bin/amtool
}

# Lists and downloads are kept under DIR, so that the machine's own stay as they are and no root is needed.
apt_of() { # apt_of NAME [OPTION...]: sets APT to an apt-get with fresh lists of its own
  APT=(apt-get -qq -o APT::Sandbox::User=root -o "Dir::State::lists=$DIR/apt/$1" -o "Dir::Cache=$DIR/apt" "${@:2}")
  mkdir -p "$DIR/apt/$1/partial" "$DIR/apt/archives/partial"
  "${APT[@]}" update || die "the Debian mirror of this machine's apt sources cannot be reached"
}

fetch() { # fetch ROOT PACKAGE...: with APT, unpacked under DIR/ROOT
  local root=$1
  shift
  rm -rf "${DIR:?}/$root" "$DIR/debs" && mkdir -p "$DIR/debs"
  (cd "$DIR/debs" && "${APT[@]}" download "$@") || die "a download failed; run this again"
  unpack "$DIR/debs" "$DIR/$root"
  rm -rf "$DIR/debs"
}

install_stable() {
  if [ "$(cat "$DIR/stable.done" 2>/dev/null)" != "$STABLE" ]; then
    say "downloading $(echo "$STABLE" | wc -w) packages of this Debian (about 110 MB) into $DIR; nothing is installed"
    apt_of stable
    # shellcheck disable=SC2086  # a list of packages
    fetch stable $STABLE
  fi
  prometheus_launchers stable ""
  launcher rsyslogd stable usr/sbin/rsyslogd
  launcher syslog-ng stable usr/sbin/syslog-ng
  launcher logger stable usr/bin/logger
  launcher netdata stable usr/sbin/netdata
  launcher strace stable usr/bin/strace
  launcher systemd-analyze stable usr/bin/systemd-analyze
  launcher ping stable bin/ping
  launcher busybox stable bin/busybox
  launcher nsd stable usr/sbin/nsd
  launcher systemd stable lib/systemd/systemd
  launcher systemd-journald stable lib/systemd/systemd-journald
  launcher dbus-daemon stable usr/bin/dbus-daemon
  as_nobody
  launcher_as_nobody postgres stable usr/lib/postgresql/15/bin/postgres
  launcher_as_nobody initdb stable usr/lib/postgresql/15/bin/initdb
  launcher_of_dovecot dovecot stable usr/sbin/dovecot
  launcher slapd stable usr/sbin/slapd
  echo "$DIR/stable/usr/lib/$ARCH/rsyslog" > "$DIR/rsyslog-modules"
  echo "$STABLE" > "$DIR/stable.done"
}

install_web() {
  if [ "$(cat "$DIR/web.done" 2>/dev/null)" != "$WEB" ]; then
    say "downloading $(echo "$WEB" | wc -w) packages of this Debian (about 3 MB)"
    apt_of stable
    # shellcheck disable=SC2086  # a list of packages
    fetch web $WEB
  fi
  launcher nginx web usr/sbin/nginx
  launcher apache2 web usr/sbin/apache2
  echo "$WEB" > "$DIR/web.done"
}

# Newer ones come from this machine's own Debian mirror, suite sid.
apt_of_sid() {
  local uri
  apt_of stable
  # shellcheck disable=SC2016  # apt's own words
  uri=$("${APT[@]}" indextargets --format '$(REPO_URI) $(ORIGIN)' |
    awk '$2 == "Debian" && $1 !~ /security/ {print $1; exit}')
  [ -n "$uri" ] || die "no Debian mirror in the apt sources, so nothing of sid"
  mkdir -p "$DIR/apt/sources"
  echo "deb $uri sid main" > "$DIR/apt/sources/sid.list"
  apt_of sid -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$DIR/apt/sources"
}

install_sid() {
  [ "$(cat "$DIR/sid.done" 2>/dev/null)" = "$SID" ] && return 0
  say "downloading Prometheus 3 and its companions from Debian sid (about 110 MB)"
  apt_of_sid
  # shellcheck disable=SC2086  # a list of packages
  fetch sid $SID
  prometheus_launchers sid 3
  echo "$SID" > "$DIR/sid.done"
}

install_clients() {
  [ "$(cat "$DIR/clients.done" 2>/dev/null)" = "$CLIENTS" ] && return 0
  say "downloading $CLIENTS from Debian sid (about 20 MB)"
  apt_of_sid
  # shellcheck disable=SC2086  # a list of packages
  fetch clients $CLIENTS
  launcher docker-compose clients usr/libexec/docker/cli-plugins/docker-compose
  launcher kustomize clients usr/bin/kustomize
  echo "$CLIENTS" > "$DIR/clients.done"
}

install() {
  mkdir -p "$1/bin"
  DIR=$(cd "$1" && pwd)
  ARCH=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")
  install_stable
  install_web
  install_sid
  install_clients
  rm -rf "$DIR/apt"
  say "ready in $DIR/bin: $(cd "$DIR/bin" && echo *)"
}

versions() {
  local program flag
  for program in "$1"/bin/*; do
    case ${program##*/} in
      systemd-journald) continue ;; # it would run
      netdata) flag="-W buildinfo" ;;
      rsyslogd | nsd | nginx | apache2) flag=-v ;;
      ping) flag=-V ;;
      slapd) flag=-VV ;;
      kustomize) flag=version ;;
      *) flag=--version ;;
    esac
    # shellcheck disable=SC2086  # one or two words
    printf '%-20s %s\n' "${program##*/}" "$("$program" $flag 2>&1 | head -n 1 | cut -c1-80)"
  done
}

case ${1:-} in
  install) install "${2:-target/peers}" ;;
  versions) versions "${2:-target/peers}" ;;
  *) sed -n '2,9p' "$0"; exit 2 ;;
esac
