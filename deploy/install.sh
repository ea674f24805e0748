#!/bin/sh
# Installs the built agent or collector on this machine as a service of systemd or OpenRC, or takes it out again.
#
#   deploy/install.sh agent|collector               after: mvn -Pfast package; in an unpacked tar.gz: ./install.sh agent
#   deploy/install.sh agent|collector --uninstall   everything but what it kept under /var/lib and a changed /etc/vigie/*.yaml
#
# Programs go to /opt/vigie, configuration to /etc/vigie (an existing one stays), units to /etc/systemd/system or scripts to
# /etc/init.d; the user vigie-agent or vigie-collector is made. Run as root; running it again brings everything up to date. With
# DESTDIR=DIR the files are only laid out under DIR, for INIT=systemd or openrc: no user, nothing started.
set -eu
umask 022 # The service's user reads what is put there.
here=$(cd "$(dirname "$0")" && pwd)

usage() { sed -n '2,11p' "$0"; exit 2; }
say() { echo "install: $*"; }
die() { echo "install: $*" >&2; exit 1; }

what=${1:-}
case $what in agent | collector) ;; *) usage ;; esac
action=${2:-install}
case $action in install | --uninstall) ;; *) usage ;; esac

root=${DESTDIR:-}
user=vigie-$what
service=vigie-$what
config=$root/etc/vigie/$what.yaml
home=$root/opt/vigie/$what
if [ "$what" = agent ]; then data=/var/lib/vigie-agent; else data=/var/lib/vigie; fi
dist=$here/$what
[ -d "$dist/bin" ] || dist=$here/../$what/target/dist

live() { [ -z "$root" ]; }
if live; then
  [ "$(id -u)" = 0 ] || die "must run as root (or with DESTDIR=DIR)"
  if [ -d /run/systemd/system ]; then
    init=systemd
  elif command -v openrc-run >/dev/null && command -v rc-service >/dev/null; then
    init=openrc
  else
    die "neither systemd nor OpenRC runs on this machine; start $dist/bin/$what run by other means"
  fi
else
  init=${INIT:-systemd}
fi

# The configuration as shipped; relative to /etc the rules lie elsewhere than in the built folder.
shipped() { sed "s#\.\./alert-rules/#/opt/vigie/collector/alert-rules/#" "$1"; }

make_user() {
  if ! getent passwd "$user" >/dev/null; then
    say "making the system user $user"
    if command -v useradd >/dev/null; then
      useradd --system --user-group --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin "$user"
    else # busybox
      addgroup -S "$user"
      adduser -S -D -H -h /nonexistent -s /sbin/nologin -G "$user" "$user"
    fi
  fi
  # To read the journal. The unit says so too, but `runuser -u vigie-agent -- agent check` knows only this.
  if [ "$what" = agent ] && getent group systemd-journal >/dev/null && command -v usermod >/dev/null; then
    usermod -aG systemd-journal "$user"
  fi
}

remove_user() {
  getent passwd "$user" >/dev/null || return 0
  if command -v userdel >/dev/null; then userdel "$user"; else deluser "$user"; fi
}

install_it() {
  [ -x "$dist/bin/$what" ] || die "$dist is not built; run: mvn -Pfast package"
  if live; then
    [ -x "$dist/runtime/bin/java" ] || [ -x "$home/runtime/bin/java" ] || command -v java >/dev/null 2>&1 || die "no java on the path; \
run: apt-get install openjdk-17-jre-headless, dnf install java-17-openjdk-headless or apk add openjdk17-jre-headless"
    make_user
  fi
  # Beside, then swapped: a start in between finds the old program or the new one, never half of it.
  mkdir -p "$root/opt/vigie"
  rm -rf "$home.new"
  cp -R "$dist" "$home.new"
  rm -f "$home.new/built" "$home.new"/lib/*.jsa
  chmod -R u=rwX,go=rX "$home.new"
  # A Java that somebody put beside the program, on an ARMv6.
  if [ -d "$home/runtime" ] && [ ! -d "$home.new/runtime" ]; then cp -R "$home/runtime" "$home.new/"; fi
  rm -rf "$home.old"
  [ ! -d "$home" ] || mv "$home" "$home.old"
  mv "$home.new" "$home"
  rm -rf "$home.old"
  mkdir -p "$root/etc/vigie" "$root/usr/local/bin"
  if [ ! -e "$config" ]; then
    shipped "$dist/conf/$what.yaml" >"$config"
    chmod 0640 "$config"
    if live; then chgrp "$user" "$config"; fi
  else
    say "$config stays as it is"
  fi
  if [ "$init" = systemd ]; then
    mkdir -p "$root/etc/systemd/system"
    # The timer lies ready and is off: systemctl enable --now vigie-$what-drill.timer
    for unit in "$service.service" "$service-drill.service" "$service-drill.timer"; do
      install -m 0644 "$here/systemd/$unit" "$root/etc/systemd/system/$unit"
    done
  else
    mkdir -p "$root/etc/init.d"
    install -m 0755 "$here/openrc/$service" "$root/etc/init.d/$service"
  fi
  ln -sfn "/opt/vigie/$what/bin/$what" "$root/usr/local/bin/$what"
  if live; then
    if command -v bash >/dev/null; then
      bash "$here/archive.sh" "$what" "/opt/vigie/$what"
    else
      say "no bash: $what starts slower than it could; with it run this again"
    fi
    "/opt/vigie/$what/bin/$what" check --config "/etc/vigie/$what.yaml" || die "the configuration above does not work; mend it and run this again"
    start_it
    say "$what runs; see: $see"
  else
    say "laid out under $root"
  fi
}

start_it() {
  if [ "$init" = systemd ]; then
    see="systemctl status $service, journalctl -u $service"
    systemctl daemon-reload
    systemctl enable --quiet "$service"
    systemctl restart "$service"
    sleep 2 # It counts as started before its user, its sandbox and Java were tried.
    systemctl is-active --quiet "$service" || die "the service does not stay up; see: $see"
  else
    see="rc-service $service status, /var/log/$service.log"
    rc-update add "$service" default >/dev/null
    rc-service "$service" restart
    sleep 2
    rc-service --quiet "$service" status >/dev/null || die "the service does not stay up; see: $see"
  fi
}

uninstall_it() {
  if live && [ "$init" = systemd ]; then
    # One by one: a unit that is not there, since an older version was installed, would keep the other running.
    systemctl disable --now --quiet "$service-drill.timer" 2>/dev/null || true
    systemctl disable --now --quiet "$service" 2>/dev/null || true
  elif live; then
    rc-service "$service" stop 2>/dev/null || true
    rc-update del "$service" default >/dev/null 2>&1 || true
  fi
  if [ -f "$config" ] && [ -f "$home/conf/$what.yaml" ] && shipped "$home/conf/$what.yaml" | cmp -s - "$config"; then
    rm -f "$config"
  fi
  rm -rf "$home" "$home.new" "$home.old"
  # By their names: beside them may lie folders of drop-ins, which somebody made and which stay.
  rm -f "$root/etc/systemd/system/$service.service" "$root/etc/systemd/system/$service-drill.service" \
    "$root/etc/systemd/system/$service-drill.timer" "$root/etc/init.d/$service" "$root/usr/local/bin/$what"
  rm -f "$root/var/lib/systemd/timers/stamp-$service-drill.timer"
  rmdir "$root/opt/vigie" "$root/etc/vigie" 2>/dev/null || true
  if live; then
    [ "$init" != systemd ] || systemctl daemon-reload
    remove_user
  fi
  [ ! -e "$config" ] || say "$config was changed by you and stays"
  [ ! -d "$root/etc/systemd/system/$service.service.d" ] || say "$root/etc/systemd/system/$service.service.d was made by you and stays"
  say "$what is out; what it kept stays in $data"
}

if [ "$action" = install ]; then install_it; else uninstall_it; fi
