#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bill of materials of these programs is CycloneDX 1.6 by that format's own
# schema, names every library that they load, and is the same when made again.
#
# usage: sbom_follows_its_schema.sh PROGRAMS NODE-TOOLS
set -eu

here=$(dirname "$(readlink -f "$0")")
programs=$1
tools=$2
command -v dpkg-query >/dev/null 2>&1 || exit 77
"$here/install_tools.sh" "$tools" || exit $?
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$programs"
find . -type f -name 'overt*' -perm -u+x -printf '%P\n' >"$work/files"
# shellcheck disable=SC2046 # names without spaces
make() {
    "$here/../../tools/make-sbom" --version 1.2.3 --root . \
        $(cat "$work/files")
}
make >"$work/sbom.json"
make >"$work/again.json"
cmp "$work/sbom.json" "$work/again.json"

cat >"$tools/check_sbom.mjs" <<'END'
import { readFileSync } from 'node:fs';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
const text = readFileSync(process.argv[2], 'utf8');
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
const wrong = await validator.validate(text);
if (wrong !== null) {
    console.error(JSON.stringify(wrong, null, 1));
    process.exit(1);
}
// The validator must be able to say no.
const bent = JSON.parse(text);
bent.components[0].type = 'virus';
if (await validator.validate(JSON.stringify(bent)) === null)
    throw new Error('the schema takes anything');
END
node "$tools/check_sbom.mjs" "$work/sbom.json"

while read -r file; do
    ldd "$file" | sed -n 's/^[[:space:]]*\([^ /]*\) => .*/\1/p'
done <"$work/files" | sort -u | while read -r library; do
    grep -q "\"name\": \"$library\"" "$work/sbom.json" || {
        echo "$library is loaded, and not in the bill of materials"
        exit 1
    }
done
