#!/usr/bin/env bash
# Lays out what the .deb and the .rpm of one program hold, from its built dist/. Run by Maven's profile "packages".
#
#   deploy/package/stage.sh agent|collector VERSION TIMESTAMP
#
# Leaves in PROGRAM/target/package: root/ (the files), data.tar.gz (the same, of root's, all of one time) and control/ (the
# scripts of the .deb). TIMESTAMP, as 2026-11-21T00:00:00Z, is the only time in it: the same sources give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/../.."
what=$1 version=$2 timestamp=$3
here=deploy/package
target=$what/target
out=$target/package
root=$out/root
home=/usr/lib/vigie/$what
doc=$root/usr/share/doc/vigie-$what
umask 022
if [ ! -f "$target/bom.json" ]; then
  echo "stage: no $target/bom.json; its plugin does not run offline: call Maven without -o" >&2
  exit 1
fi

maintainer="Vigie maintainers <maintainers@vigie.example>"
if [ "$what" = agent ]; then data=/var/lib/vigie-agent; else data=/var/lib/vigie; fi
export TZ=UTC LC_ALL=C.UTF-8
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
rm -rf "$out"
mkdir -p "$root$home"/{bin,lib} "$root"/etc/vigie "$root"/usr/{bin,lib/systemd/system} "$root"/usr/share/{man/man1,bash-completion/completions} "$doc"

cp "$target"/dist/lib/*.jar "$root$home/lib/"
install -m 0755 "$target/dist/bin/$what" deploy/archive.sh "$root$home/bin/"
ln -s "../lib/vigie/$what/bin/$what" "$root/usr/bin/$what"
if [ "$what" = collector ]; then
  mkdir -p "$root/usr/share/vigie"
  cp -R "$target/dist/alert-rules" "$root/usr/share/vigie/"
  # archive.sh reads them from the program's home.
  ln -s ../../../share/vigie/alert-rules "$root$home/alert-rules"
fi
sed "s#\.\./alert-rules/#/usr/share/vigie/alert-rules/#" "$target/dist/conf/$what.yaml" >"$root/etc/vigie/$what.yaml"
for unit in "deploy/systemd/vigie-$what"{.service,-drill.service,-drill.timer}; do
  sed "s#/opt/vigie/$what/bin/#$home/bin/#" "$unit" >"$root/usr/lib/systemd/system/${unit##*/}"
done

"$java" -cp "$target/dist/lib/*" "$here/ManPages.java" "vigie.$what.Main" "$version" "${timestamp%%T*}" "$out/pages"
cp "$out"/pages/*.1 "$root/usr/share/man/man1/"
sed 1d "$out/pages/$what.bash" >"$root/usr/share/bash-completion/completions/$what"

"$java" -cp "$target/dist/lib/*" "$here/ThirdParty.java" "$target/bom.json" "$target/dist/lib" "$here/licences" LICENSE "$out/third-party"
cp "$out/third-party/THIRD-PARTY.txt" "$doc/"
{ cat "$here/copyright"; cat "$out/third-party/copyright"; } >"$doc/copyright"
cp CHANGELOG.md "$doc/changelog"
cat >"$doc/changelog.Debian" <<TEXT
vigie-$what ($version-1) unstable; urgency=medium

  * What changed stands in changelog.gz beside this file.

 -- $maintainer  $(date -u -R -d "$timestamp")
TEXT
gzip -9n "$doc"/{changelog,changelog.Debian,THIRD-PARTY.txt} "$root"/usr/share/man/man1/*.1
mkdir -p "$root/usr/share/lintian/overrides"
sed "s/@WHAT@/$what/g" "$here/deb/lintian-overrides" >"$root/usr/share/lintian/overrides/vigie-$what"

chmod -R u=rwX,go=rX "$root"
tar -C "$root" --sort=name --owner=root:0 --group=root:0 --mtime="$timestamp" --format=gnu -c . | gzip -9n >"$out/data.tar.gz"

mkdir -p "$out/control" "$out/rpm"
cp "$here/deb/control.$what" "$out/control/control"
cp "$here"/deb/{postinst,prerm,postrm,triggers} "$out/control/"
cp "$here"/rpm/* "$out/rpm/"
find "$root/etc" -type f -printf '/etc/%P\n' | sort >"$out/control/conffiles"
sed -i -e "s/@WHAT@/$what/g" -e "s#@DATA@#$data#g" -e "s/@VERSION@/$version-1/g" -e "s/@MAINTAINER@/$maintainer/" "$out"/{control,rpm}/*
