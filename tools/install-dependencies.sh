#!/bin/sh
# Installs the packages of the lockfile when they are absent or older than the lockfile, so that
# `npm start` and `npm test` work from a fresh clone. Runs on any Node with npm; what follows runs
# on the Node that the lockfile pins.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.cubby-installed
[ -f "$stamp" ] && [ ! package-lock.json -nt "$stamp" ] && exit 0
echo "installing the packages of package-lock.json …"
# Not `npm ci`: it refuses a lockfile that lacks the optional packages of other platforms, as one written behind a
# registry that has no such packages does. This installs the lockfile's versions too, and writes nothing to it.
npm install --no-save --no-fund --no-audit --loglevel=error
touch "$stamp"
