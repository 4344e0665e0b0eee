#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The full preset: encrypted keys, many of them, and too few are not enough.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

echo 'correct horse' >pass
echo 'wrong horse' >wrong
: >empty
publish init DIR --name demo.example
expect_exit 1
publish init DIR --name demo.example --passphrase-file empty
expect_exit 1
rm -rf DIR
must_publish init DIR --name demo.example --passphrase-file pass
expect_text out 'root       3 of 5 keys must sign'
for key in DIR/keys/*.key; do
    grep -q 'BEGIN ENCRYPTED PRIVATE KEY' "$key" || fail "$key is not encrypted"
    [ "$(stat -c %a "$key")" = 600 ] || fail "$key is for all to see"
done
must_publish log DIR --passphrase-file pass
publish timestamp DIR --passphrase-file wrong
expect_exit 1
publish timestamp DIR </dev/null
expect_exit 1
must_publish timestamp DIR --passphrase-file pass

# Two builders of three are enough, one is not.
make_rule evil
propose evil p-01 --passphrase-file pass
must_publish review DIR R-evil-r1 --as p-02 --passphrase-file pass
mkdir away && mv DIR/keys/build-2.key DIR/keys/build-3.key away
publish release DIR --passphrase-file pass
expect_exit 1
expect_text err '1 builders'
mv away/build-3.key DIR/keys
must_publish release DIR --passphrase-file pass
expect_line "$(head_file)" 'records 1'
