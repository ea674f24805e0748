#!/usr/bin/env bash
# Takes the pictures in docs/screens of the cards that ScreensTest draws, with a headless Chromium.
#
#   mvn -pl collector -am test -Dtest=ScreensTest -Dsurefire.failIfNoSpecifiedTests=false
#   deploy/screens.sh CHROMIUM [PAGE...]     such as /usr/bin/chromium firing-en-dark; without pages those of the documents
set -euo pipefail
cd "$(dirname "$0")/.."
chromium=${1:?usage: deploy/screens.sh CHROMIUM [PAGE...]}
shift
pages=("$@")
[ "${#pages[@]}" -gt 0 ] || pages=(firing-en-dark resolved-en-light crashed-fr-dark flapping-en-light silenced-fr-light silent-en-dark many-fr-dark)
mkdir -p docs/screens
for page in "${pages[@]}"; do
  html=$PWD/collector/target/screens/$page.html
  shot() { # shot HEIGHT
    "$chromium" --no-sandbox --headless --disable-gpu --hide-scrollbars --force-device-scale-factor=1.5 \
      --window-size=412,"$1" --virtual-time-budget=500 --screenshot="$PWD/docs/screens/$page.png" "file://$html" 2>/dev/null
  }
  # The page's own height, which only the browser knows.
  height=$("$chromium" --no-sandbox --headless --disable-gpu --window-size=412,100 --virtual-time-budget=500 --dump-dom \
    "file://$html" 2>/dev/null | sed -n 's/.*data-height="\([0-9]*\)".*/\1/p' | head -1)
  shot "${height:-900}"
  echo "docs/screens/$page.png $(stat -c %s "docs/screens/$page.png") bytes"
done
