#!/bin/sh
# Installs the packages of the lockfile when they are absent or older than the lockfile, so that
# `npm start` and `npm test` work from a fresh clone. Runs on any Node with npm; what follows runs
# on the Node that the lockfile pins.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.cubby-installed
[ -f "$stamp" ] && [ ! package-lock.json -nt "$stamp" ] && exit 0
echo "installing the packages of package-lock.json …"
npm ci --no-fund --no-audit --loglevel=error
touch "$stamp"
