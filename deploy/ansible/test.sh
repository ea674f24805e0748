#!/usr/bin/env bash
# Tries the role: Debian's own ansible in one chroot, the hosts in another two, over Ansible's chroot connection. Nothing is
# installed on this machine; debootstrap and root are needed, and some 900 MB under DIR (downloaded once).
#
#   deploy/ansible/test.sh DIR        after: mvn -Pfast package
#
# Check mode first, which must change nothing, then a first run, then a second one that must change nothing; then both
# programs say that their configuration is right. No systemd runs in a chroot: starting the services is not tried here.
set -euo pipefail
[ $# = 1 ] || { sed -n '2,9p' "$0"; exit 2; }
[ "$(id -u)" = 0 ] || { echo "ansible test: must be root, for chroots" >&2; exit 1; }
repo=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1" && dir=$(cd "$1" && pwd)
. "$repo/deploy/foreign.sh"
mirror=$(debian_mirror)
make() { # make NAME PACKAGES
  [ ! -f "$dir/$1.done" ] || return 0
  echo "ansible test: making $dir/$1"
  rm -rf "${dir:?}/$1"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$dir/$1" "$mirror" > "$dir/$1.log" 2>&1
  # shellcheck disable=SC2086  # a list of packages
  DEBIAN_FRONTEND=noninteractive chroot "$dir/$1" apt-get -qq -y --no-install-recommends install $2 >> "$dir/$1.log" 2>&1
  touch "$dir/$1.done"
}
make tools "ansible ansible-lint"
make base "python3 openjdk-17-jre-headless"
mounts=()
end() { for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do umount -l "${mounts[$i]}"; done; }
trap end EXIT
bind() { mkdir -p "$2" && mount --rbind --make-rslave "$1" "$2" && mounts+=("$2"); }
for host in p1 p2; do
  rm -rf "${dir:?}/$host" && cp -a "$dir/base" "$dir/$host"
  bind "$dir/$host" "$dir/tools/hosts/$host"
  # Java wants /proc.
  bind /proc "$dir/tools/hosts/$host/proc"
done
bind /proc "$dir/tools/proc"
bind /dev "$dir/tools/dev"
bind "$repo" "$dir/tools/repo"
cat > "$dir/tools/inventory.yml" <<YAML
all:
  vars: {ansible_connection: community.general.chroot, ansible_python_interpreter: /usr/bin/python3}
vigie_agents:
  hosts: {p1: {ansible_host: /hosts/p1}, p2: {ansible_host: /hosts/p2}}
  vars:
    vigie_agent_address: "{{ inventory_hostname }}:9100"
    # Its lists are as fresh as debootstrap left them.
    vigie_java_package: ""
    vigie_agent: {collector: 'relp://p1:2514', sources: {journal: false}}
    vigie_files: [{src: /repo/LICENSE, dest: licence}]
vigie_collector:
  hosts: {p1: }
  vars: {vigie_discord_webhook: 'https://discord.example/api/webhooks/1/not-a-secret'}
YAML
play() { # play LOG OPTION...
  local log=$dir/$1
  shift
  chroot "$dir/tools" env LC_ALL=C.UTF-8 ANSIBLE_RETRY_FILES_ENABLED=0 ansible-playbook -i /inventory.yml "$@" \
    /repo/deploy/ansible/site.yml > "$log" 2>&1 || { tail -n 40 "$log"; echo "ansible test: FAILED, see $log"; exit 1; }
  sed -n '/PLAY RECAP/,$p' "$log"
}
none_changed() { ! grep -E 'changed=[1-9]' "$dir/$1" || { echo "ansible test: FAILED: $2"; exit 1; }; }
chroot "$dir/tools" sh -c 'cd /repo/deploy/ansible && LC_ALL=C.UTF-8 ansible-lint --offline -q site.yml' ||
  { echo "ansible test: FAILED: ansible-lint has findings"; exit 1; }
play syntax.log --syntax-check
play check.log --check
[ ! -e "$dir/p1/opt/vigie" ] || { echo "ansible test: FAILED: check mode changed something"; exit 1; }
play first.log
play second.log
none_changed second.log "the second run changes something"
play check-after.log --check --diff
none_changed check-after.log "check mode after the second run sees changes"
chroot "$dir/tools/hosts/p2" /usr/local/bin/agent version
chroot "$dir/tools/hosts/p1" /usr/local/bin/collector check --config /etc/vigie/collector.yaml
grep -q 'node: p2' "$dir/p1/etc/vigie/collector.yaml"
[ "$(chroot "$dir/p1" stat -c %a:%G /etc/vigie/discord-webhook)" = 640:vigie ]
! grep -rq not-a-secret "$dir"/*.log || { echo "ansible test: FAILED: the webhook is in a log"; exit 1; }
echo "ansible test: all well"
