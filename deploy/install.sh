#!/usr/bin/env bash
# Installs the built agent or collector on this machine as a systemd service, or takes it out again.
#
#   deploy/install.sh agent|collector               after: mvn -Pfast package
#   deploy/install.sh agent|collector --uninstall   everything but what it kept under /var/lib and a changed /etc/vigie/*.yaml
#
# Programs go to /opt/vigie, configuration to /etc/vigie (an existing one stays), the unit to /etc/systemd/system; the
# user vigie is made. Run as root; running it again brings everything up to date. With DESTDIR=DIR the files are only laid
# out under DIR: no user, no systemctl.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,10p' "$0"; exit 2; }
say() { echo "install: $*"; }
die() { echo "install: $*" >&2; exit 1; }

what=${1:-}
case $what in agent | collector) ;; *) usage ;; esac
action=${2:-install}
case $action in install | --uninstall) ;; *) usage ;; esac

root=${DESTDIR:-}
unit=vigie-$what.service
config=$root/etc/vigie/$what.yaml
home=$root/opt/vigie/$what
if [ "$what" = agent ]; then data=/var/lib/vigie-agent; else data=/var/lib/vigie; fi

live() { [ -z "$root" ]; }
if live; then
  [ "$(id -u)" = 0 ] || die "must run as root (or with DESTDIR=DIR)"
  [ -d /run/systemd/system ] || die "systemd does not run on this machine; start $what/target/dist/bin/$what run by other means"
fi

# The configuration as shipped; relative to /etc the rules lie elsewhere than in the built folder.
shipped() { sed "s#\.\./alert-rules/#/opt/vigie/collector/alert-rules/#" "$1"; }

install_it() {
  local dist=$what/target/dist
  [ -x "$dist/bin/$what" ] || die "$dist is not built; run: mvn -Pfast package"
  if live; then
    command -v java >/dev/null 2>&1 || die "no java on the path; run: apt-get install openjdk-17-jre-headless"
    if ! getent passwd vigie >/dev/null; then
      say "making the system user vigie"
      useradd --system --user-group --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin vigie
    fi
    # To read the journal. The unit says so too, but `runuser -u vigie -- agent check` knows only this.
    if [ "$what" = agent ] && getent group systemd-journal >/dev/null; then usermod -aG systemd-journal vigie; fi
  fi
  # Beside, then swapped: a start in between finds the old program or the new one, never half of it.
  mkdir -p "$root/opt/vigie"
  rm -rf "$home.new"
  cp -R "$dist" "$home.new"
  rm -f "$home.new/built" "$home.new"/lib/*.jsa
  rm -rf "$home.old"
  [ ! -d "$home" ] || mv "$home" "$home.old"
  mv "$home.new" "$home"
  rm -rf "$home.old"
  mkdir -p "$root/etc/vigie" "$root/etc/systemd/system" "$root/usr/local/bin"
  if [ ! -e "$config" ]; then
    shipped "$dist/conf/$what.yaml" >"$config"
    chmod 0640 "$config"
    if live; then chgrp vigie "$config"; fi
  else
    say "$config stays as it is"
  fi
  install -m 0644 "deploy/systemd/$unit" "$root/etc/systemd/system/$unit"
  # The timer lies ready and is off: systemctl enable --now vigie-$what-drill.timer
  install -m 0644 "deploy/systemd/vigie-$what-drill."* "$root/etc/systemd/system/"
  ln -sfn "/opt/vigie/$what/bin/$what" "$root/usr/local/bin/$what"
  if live; then
    deploy/archive.sh "$what" "/opt/vigie/$what"
    "/opt/vigie/$what/bin/$what" check --config "/etc/vigie/$what.yaml" || die "the configuration above does not work; mend it and run this again"
    systemctl daemon-reload
    systemctl enable --quiet "$unit"
    systemctl restart "$unit"
    sleep 2 # It counts as started before its user, its sandbox and Java were tried.
    systemctl is-active --quiet "$unit" || die "the service does not stay up; see: systemctl status $unit, journalctl -u $unit"
    say "$what runs; see: systemctl status $unit, journalctl -u $unit"
  else
    say "laid out under $root"
  fi
}

uninstall_it() {
  if live; then
    # One by one: a unit that is not there, since an older version was installed, would keep the other running.
    systemctl disable --now --quiet "vigie-$what-drill.timer" 2>/dev/null || true
    systemctl disable --now --quiet "$unit" 2>/dev/null || true
  fi
  if [ -f "$config" ] && [ -f "$home/conf/$what.yaml" ] && shipped "$home/conf/$what.yaml" | cmp -s - "$config"; then
    rm -f "$config"
  fi
  rm -rf "$home" "$home.new" "$home.old"
  rm -f "$root/etc/systemd/system/$unit" "$root/etc/systemd/system/vigie-$what-drill."* "$root/usr/local/bin/$what"
  rmdir "$root/opt/vigie" "$root/etc/vigie" 2>/dev/null || true
  if live; then
    systemctl daemon-reload
    # The other program may still need the user.
    if [ ! -e /opt/vigie ] && getent passwd vigie >/dev/null; then userdel vigie; fi
  fi
  [ ! -e "$config" ] || say "$config was changed by you and stays"
  say "$what is out; what it kept stays in $data"
}

if [ "$action" = install ]; then install_it; else uninstall_it; fi
