#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: tuf_interop.sh CLIENT MAKER FOLDER
# Installs the pinned tools of tests/tools into FOLDER (once) and runs
# tuf_interop.js. Skipped (77) without node, or without a registry to install
# from.
set -eu

here=$(dirname "$(readlink -f "$0")")
folder=$3
for tool in node npm; do
    command -v "$tool" >/dev/null 2>&1 || {
        echo "no $tool: skipped"
        exit 77
    }
done
mkdir -p "$folder"
if ! cmp -s "$here/../tools/package-lock.json" "$folder/package-lock.json" ||
    [ ! -d "$folder/node_modules/tuf-js" ]; then
    cp "$here/../tools/package.json" "$here/../tools/package-lock.json" "$folder"
    (cd "$folder" && npm ci --ignore-scripts >npm.log 2>&1) || {
        rm -f "$folder/package-lock.json"
        echo "npm can't install tuf-js: skipped"
        exit 77
    }
fi
NODE_TOOLS=$folder exec node "$here/tuf_interop.js" "$1" "$2"
