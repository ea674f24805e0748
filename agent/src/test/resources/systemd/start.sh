#!/bin/sh
# A systemd of its own, apart from the machine's, until its standard input ends.
#
#   start.sh PEERS FOLDER     PEERS: target/peers; FOLDER/run becomes $XDG_RUNTIME_DIR, FOLDER/units has the units
#
# Where FOLDER/var/log/journal is there, it logs to a journald of its own, which writes there.
# The bus is at FOLDER/run/dbus/system_bus_socket. Exit code 77 and a line that says why where this machine allows none.
set -u
PEERS=$(readlink -f "$1"); FOLDER=$(readlink -f "$2"); SELF=$(readlink -f "$0")

if [ "${3:-}" != inside ]; then
  [ "$(id -u)" = 0 ] || { echo "a systemd of one's own needs root"; exit 77; }
  groups=
  for mount in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    [ -e "$mount/cgroup.procs" ] || continue
    # Named so that journald finds the unit of a process in its group's path.
    mkdir "$mount/vigie-test-$$.slice" "$mount/vigie-test-$$.slice/user@0.service" 2>/dev/null ||
      { echo "$mount cannot be written"; exit 77; }
    groups="$groups $mount/vigie-test-$$.slice"
  done
  [ -n "$groups" ] || { echo "no cgroups are mounted"; exit 77; }
  # In a shell of its own, so that this one stays where it is and can remove the groups. No process namespace: systemd's
  # own socket refuses whom it cannot name.
  sh -c 'for group in $0; do echo $$ > "$group/user@0.service/cgroup.procs" || exit 77; done
    exec unshare --mount "$@"' "$groups" "$SELF" "$PEERS" "$FOLDER" inside < /dev/null &
  cat > /dev/null
  for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    # shellcheck disable=SC2086  # a list of groups
    processes=$(find $groups -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u)
    [ -n "$processes" ] || break
    # shellcheck disable=SC2086  # a list of processes
    kill -KILL $processes 2>/dev/null
    sleep 0.1
  done
  # shellcheck disable=SC2086  # a list of groups
  find $groups -depth -type d -exec rmdir {} +
  exit 0
fi

# A user manager: it starts nothing of the machine's, and changes nothing outside its own folders.
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
export XDG_RUNTIME_DIR="$FOLDER/run" XDG_CONFIG_HOME="$FOLDER" XDG_DATA_HOME="$FOLDER" HOME="$FOLDER"
export SYSTEMD_UNIT_PATH="$FOLDER/units" DBUS_DAEMON="$PEERS/bin/dbus-daemon"
export DBUS_SESSION_BUS_ADDRESS="unix:path=$XDG_RUNTIME_DIR/dbus/system_bus_socket"
mkdir -p "$XDG_RUNTIME_DIR"
if [ -d "$FOLDER/var/log/journal" ]; then
  mkdir -p /run/systemd/journal
  touch /run/systemd/journal/flushed
  mount --bind "$FOLDER/var/log" /var/log
  "$PEERS/bin/systemd-journald" &
  until [ -S /run/systemd/journal/stdout ]; do sleep 0.1; done
  exec "$PEERS/bin/systemd" --user --log-target=journal
fi
exec "$PEERS/bin/systemd" --user --log-target=null
