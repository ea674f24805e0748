#!/usr/bin/env bash
# Builds all that a release consists of, from this checkout, into target/release: .deb, .rpm, tar.gz, the bills of materials
# (CycloneDX), the licences of all that is shipped, and SHA256SUMS. Nothing is uploaded, nothing is signed.
#
#   deploy/release.sh             build
#   deploy/release.sh --check     build twice, the second time with another umask and time zone, and compare byte by byte
#
# The version is the pom's. Needs what `mvn package` needs, and no root.
set -euo pipefail
cd "$(dirname "$0")/.."
out=target/release

say() { echo "release: $*"; }

build() {
  umask 022 # A jar notes the modes of what goes into it.
  local version package timestamp name
  version=$(sed -n 's#^  <version>\(.*\)</version>#\1#p' pom.xml | head -n 1)
  package=${version/-SNAPSHOT/\~snapshot}
  timestamp=$(sed -n 's#.*<project.build.outputTimestamp>\(.*\)</.*#\1#p' pom.xml)
  say "building $version"
  rm -rf {base,agent,collector}/target # not "clean": target/ holds what tests have downloaded
  mvn -q -B --no-transfer-progress -Pfast,packages package "-Dpackage.version=$package"
  rm -rf $out
  mkdir -p $out
  for program in agent collector; do
    cp "$program/target/vigie-$program"[_-]*.{deb,rpm} $out/
    cp "$program/target/bom.json" "$out/vigie-$program-$version.cdx.json"
    cp "$program/target/package/third-party/THIRD-PARTY.txt" "$out/vigie-$program-$version-THIRD-PARTY.txt"
  done

  name=vigie-$version
  rm -rf "target/$name"
  mkdir -p "target/$name"
  for program in agent collector; do
    cp -R "$program/target/dist" "target/$name/$program"
    rm -f "target/$name/$program/built" "target/$name/$program"/lib/*.jsa
    cp "$program/target/package/third-party/THIRD-PARTY.txt" "target/$name/$program/"
    mkdir -p "target/$name/$program/man"
    cp "$program"/target/package/pages/*.1 "target/$name/$program/man/"
    cp "$program/target/package/pages/$program.bash" "target/$name/$program/"
  done
  cp deploy/install.sh deploy/archive.sh LICENSE CHANGELOG.md README.md "target/$name/"
  cp -R docs deploy/systemd deploy/openrc "target/$name/"
  chmod -R u=rwX,go=rX "target/$name"
  tar -C target --sort=name --owner=root:0 --group=root:0 --mtime="$timestamp" --format=gnu -c "$name" | gzip -9n >"$out/$name.tar.gz"
  rm -rf "target/$name"
  (cd $out && sha256sum -- *) >target/SHA256SUMS
  mv target/SHA256SUMS $out/
}

build
case ${1:-} in
  --check)
    rm -rf target/release.first
    mv $out target/release.first
    (umask 077 && TZ=Pacific/Auckland build)
    diff -r target/release.first $out || { say "two builds differ; the first one is in target/release.first"; exit 1; }
    say "two builds gave the same bytes"
    rm -rf target/release.first
    ;;
  "") ;;
  *) sed -n '2,8p' "$0"; exit 2 ;;
esac
(cd $out && ls -l -- * | awk '{printf "release: %9d %s\n", $5, $NF}')
