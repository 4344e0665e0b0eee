#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# What a log publishes is read and checked by Go's checksum database code:
# checkpoint, tiles, entries, inclusion, consistency, proof files.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/logd.sh"

command -v go >/dev/null || skip "no go"
[ -d /usr/share/gocode/src/golang.org/x/mod/sumdb ] || skip "no x/mod"
GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$folder/cache/go \
    go build -o verify_log "$tests/verify_log.go" || fail "no verifier"

make_log
start_witness a
make_policy 1 a
set --
for last in 0 1 4 254 255 256 257 600; do
    first=$(published_size)
    make_entries "$first" "$last"
    i=$first
    files=
    while [ "$i" -le "$last" ]; do
        files="$files e.$i"
        i=$((i + 1))
    done
    # shellcheck disable=SC2086 # file names
    logd add log $files
    expect_exit 0
    logd once log --policy policy
    expect_exit 0
    logd prove log "$last" -o "proof.$last"
    expect_exit 0
    cp log/log/checkpoint "old.$last"
    set -- "$@" "old.$last" -proof "proof.$last"
    ./verify_log "$log_key" log/log "$@" >out || fail "refused at $last"
    [ "$(cut -d' ' -f1 out)" = $((last + 1)) ] || fail "not $((last + 1))"
done
# The test would see a wrong one.
printf 'x' | dd of=log/log/tile/entries/000 conv=notrunc bs=1 seek=9 2>/dev/null
./verify_log "$log_key" log/log 2>err && fail "a changed entry is accepted"
expect_text err "another root"
