#!/usr/bin/env bash
# Tries the role: Debian's own ansible in one chroot, the hosts in another two, over Ansible's chroot connection. Nothing is
# installed on this machine; debootstrap and root are needed, and some 1.5 GB under DIR (downloaded once).
#
#   deploy/ansible/test.sh DIR        after deploy/release.sh, which leaves the build and the packages
#
# Host p1 has both programs from the build, p2 an agent from the package. Check mode first, which must change nothing, then a first
# run, then a second one that must change nothing; then both programs say as their users that their configuration is right. No
# systemd runs in a chroot: starting the services is not tried here.
set -euo pipefail
[ $# = 1 ] || { sed -n '2,10p' "$0"; exit 2; }
[ "$(id -u)" = 0 ] || { echo "ansible test: must be root, for chroots" >&2; exit 1; }
repo=$(cd "$(dirname "$0")/../.." && pwd)
ls "$repo"/target/release/vigie-agent_*.deb "$repo"/agent/target/dist/bin/agent > /dev/null || { echo "ansible test: run first: deploy/release.sh" >&2; exit 1; }
mkdir -p "$1" && dir=$(cd "$1" && pwd)
# shellcheck source=deploy/package/chroot.sh
. "$repo/deploy/package/chroot.sh"
die() { echo "ansible test: FAILED: $*"; exit 1; }
base "$dir" tools ca-certificates ansible ansible-lint
base "$dir" base ca-certificates python3 python3-apt openjdk-17-jre-headless
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
  hosts:
    p1: {ansible_host: /hosts/p1}
    p2: {ansible_host: /hosts/p2, vigie_release: /repo/target/release}
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
    /repo/deploy/ansible/site.yml > "$log" 2>&1 || { tail -n 40 "$log"; die "see $log"; }
  sed -n '/PLAY RECAP/,$p' "$log"
}
none_changed() { ! grep -E 'changed=[1-9]' "$dir/$1" || { grep -B3 '^changed:' "$dir/$1"; die "$2"; }; }
rm -f "$dir"/{syntax,check,first,second,check-after}.log
chroot "$dir/tools" sh -c 'cd /repo/deploy/ansible && LC_ALL=C.UTF-8 ansible-lint --offline -q site.yml' || die "ansible-lint has findings"
play syntax.log --syntax-check
play check.log --check
for each in p1/opt/vigie p1/etc/vigie p2/usr/lib/vigie p2/etc/vigie; do [ ! -e "$dir/$each" ] || die "check mode made $each"; done
play first.log
play second.log
none_changed second.log "the second run changes something"
play check-after.log --check --diff
none_changed check-after.log "check mode after the second run sees changes"
as() { # as HOST USER COMMAND...
  chroot "$dir/tools/hosts/$1" runuser -u "$2" -- "${@:3}"
}
for unit in p1/etc/systemd/system/vigie-agent p1/etc/systemd/system/vigie-collector p2/usr/lib/systemd/system/vigie-agent; do
  user=$(sed -n 's/^User=//p' "$dir/$unit.service")
  program=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$dir/$unit.service")
  as "${unit%%/*}" "$user" "$program" version || die "$unit has no such program or no such user: $user"
done
as p1 vigie-collector collector check > /dev/null || die "the collector refuses its configuration"
as p1 vigie-agent cat /etc/vigie/agent.yaml | grep -q 'node: p1' || die "p1's agent has another name"
as p1 vigie-collector cat /etc/vigie/licence | cmp - "$repo/LICENSE" || die "the collector cannot read what the agent reads"
as p1 vigie-agent cat /etc/vigie/licence | cmp - "$repo/LICENSE" || die "the agent cannot read its file"
as p2 vigie-agent cat /etc/vigie/agent.yaml | grep -q 'node: p2' || die "p2's agent has another name"
grep -q 'node: p2' "$dir/p1/etc/vigie/collector.yaml" || die "the collector does not know p2"
[ "$(chroot "$dir/p1" stat -c %a:%G /etc/vigie/discord-webhook)" = 640:vigie-collector ] || die "the webhook can be read by others"
! grep -rq not-a-secret "$dir"/*.log || die "the webhook is in a log"
echo "ansible test: all well"
