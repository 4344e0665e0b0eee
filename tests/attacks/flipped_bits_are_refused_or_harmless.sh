#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names of lib_attack.sh
# One bit is flipped in each file of a repository, at a few places of each: the
# update is refused and the old rules stay, or it ends in just the release that
# was published.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib_attack.sh"

# flip FILE PLACE: bit PLACE % 8 of the byte PLACE tenths into the file.
flip() {
    python3 - "$1" "$2" <<'END'
import sys
path, place = sys.argv[1], int(sys.argv[2])
data = bytearray(open(path, "rb").read())
data[len(data) * place // 10] ^= 1 << place % 8
open(path, "wb").write(data)
END
}

# What a release is to this machine.
digest_of_release() {
    (cd "$1/releases/3" && cat head records.0 image.0 image.1 | sha256sum)
}

fresh_state
update new
expect_updated honest
want=$(digest_of_release state)

(cd new && find . -type f ! -name 1.root.json) >files
[ "$(wc -l <files)" -gt 20 ] || fail "what a repository is has changed"
refused=0
taken=0
while read -r file; do
    for place in 0 5 9; do
        rm -rf flipped
        cp -r new flipped
        flip "flipped/$file" "$place"
        fresh_state
        update flipped
        if [ "$(readlink state/current)" = releases/3 ]; then
            [ "$(digest_of_release state)" = "$want" ] ||
                fail "$file at $place: another release"
            taken=$((taken + 1))
        else
            [ "$(readlink state/current)" = releases/2 ] ||
                fail "$file at $place: $(readlink state/current)"
            [ "$exit_code" -ne 0 ] || fail "$file at $place: exit code 0"
            refused=$((refused + 1))
            echo "$file" >>refused
        fi
    done
    expect_still_scanning "$file"
done <files
echo "$refused refused, $taken harmless"
# What no other file can stand in for is refused wherever it was changed.
for file in metadata/timestamp.json 'targets/db/.*head'; do
    [ "$(grep -c "^./$file\$" refused)" -ge 3 ] ||
        fail "$file was changed, and taken"
done
