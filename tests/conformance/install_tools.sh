#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: install_tools.sh FOLDER
# Installs the pinned node packages of tests/tools into FOLDER, once. Exits 77
# without node, or without a registry to install from.
set -eu

tools=$(dirname "$(readlink -f "$0")")/../tools
for tool in node npm; do
    command -v "$tool" >/dev/null 2>&1 || {
        echo "no $tool: skipped"
        exit 77
    }
done
mkdir -p "$1"
exec 9>"$1/lock"
flock 9
if cmp -s "$tools/package-lock.json" "$1/package-lock.json" &&
    [ -d "$1/node_modules/tuf-js" ]; then
    exit 0
fi
cp "$tools/package.json" "$tools/package-lock.json" "$1"
(cd "$1" && npm ci --ignore-scripts >npm.log 2>&1) || {
    rm -f "$1/package-lock.json"
    echo "npm can't install them: skipped"
    exit 77
}
