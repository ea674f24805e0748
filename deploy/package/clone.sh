#!/usr/bin/env bash
# Does on a fresh Debian, from a clean clone and with nothing in Maven's local repository, what README and docs say: its two commands, a
# service that dies and comes back under the first; deploy/release.sh, and check.sh with what that made; at last every test. Needs root,
# the network, 12 GB, and the ports 9337, 2514, 9100 and 13337, since the first command takes them.
#
#   deploy/package/clone.sh DIR [ARGUMENT...]    DIR keeps the Debians; arguments go to deploy/check.sh: none means every test
set -euo pipefail
cd "$(dirname "$0")/../.."
here=deploy/package
# shellcheck source=deploy/package/chroot.sh
. $here/chroot.sh
[ $# -ge 1 ] || { sed -n '2,7p' "$0"; exit 2; }
dir=$(realpath -m "$1")
shift
root=$dir/clone
say() { echo "clone: $*"; }
began=$(date +%s)
lap() { say "$*: $(($(date +%s) - began)) s after the start"; }
trap 'rm -rf "$root"' EXIT

base "$dir" debian
copy "$dir" debian "$root"
# Where a proxy signs what comes from outside, this machine trusts its certificate, and so has that one.
for each in /usr/local/share/ca-certificates/*.crt /etc/ssl/certs/*.pem; do
  if [ -f "$each" ] && [ ! -L "$each" ]; then install -D -m 0644 "$each" "$root/usr/local/share/ca-certificates/$(basename "${each%.*}").crt"; fi
done
git clone -q --no-local . "$root/srv/vigie"
say "== $(git -C "$root/srv/vigie" log -1 --format='%h %s')"

say "== README's first command"
within "$root" net bash -s <<'SH'
set -euo pipefail
cd /srv/vigie
test ! -e /root/.m2
soon() { # soon SECONDS COMMAND...
  for _ in $(seq "$(($1 * 5))"); do if "${@:2}" >/dev/null 2>&1; then return; fi; sleep 0.2; done
  echo "never: ${*:2}; the end of its output:"; tail -n 20 /tmp/try.log; return 1
}
command=$(sed -n 's/^\(deploy\/try\.sh [^ ]*\) .*/\1/p' README.md)
echo "\$ $command"
$command >/tmp/try.log 2>&1 </dev/null &
try=$!
over() { grep -q 'Ctrl-C ends' /tmp/try.log || ! kill -0 $try; }
soon 1800 over
grep 'Ctrl-C ends' /tmp/try.log || { cat /tmp/try.log; exit 1; }
eval "$(sed -n 's/^  break  \(kill [0-9]*\).*/\1/p' /tmp/try.log)"
soon 60 grep -q 'FIRING: ProbeDown' /tmp/try.log
list=$(sed -n 's/^  type   //p' /tmp/try.log)
echo "\$ $list"
$list | grep 'firing.*ProbeDown'
python3 deploy/example/calculator.py 13337 </dev/null >/dev/null 2>&1 &
soon 60 grep -q '== Resolved.*ProbeDown' /tmp/try.log
kill $try
wait $try || true
sed -n '/^try: /p; /^== /,/^$/p' /tmp/try.log
SH
lap "the first command"

say "== deploy/release.sh, of a clone in another place, by a user who is not root"
within "$root" net useradd --create-home builder
git clone -q --no-local "$root/srv/vigie" "$root/home/builder/vigie"
cp -a "$root/root/.m2" "$root/home/builder/"
within "$root" net sh -c 'chown -R builder: /home/builder && cd /home/builder/vigie && exec runuser -u builder -- env HOME=/home/builder deploy/release.sh </dev/null'
made=$root/home/builder/vigie/target/release
if [ -f target/release/SHA256SUMS ]; then
  if cmp -s target/release/SHA256SUMS "$made/SHA256SUMS"; then say "the same bytes as target/release here"; else say "other bytes than target/release here"; fi
fi
lap "release.sh"

say "== check.sh with these packages"
"$here/check.sh" "$dir" "$made"
lap "the packages"

say "== README's second command: deploy/check.sh $*"
within "$root" net bash -c 'cd /srv/vigie && exec deploy/check.sh "$@" </dev/null' bash "$@" >"$dir/clone.log" 2>&1 ||
  { grep -E 'ERROR|FAIL|check: ' "$dir/clone.log" | head -n 30; say "it failed; all of it is in $dir/clone.log"; exit 1; }
grep -E 'Tests run:.*Skipped: [0-9]+$|BUILD' "$dir/clone.log"
lap "all well"
