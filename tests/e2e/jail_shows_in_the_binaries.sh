#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who parses cannot even name what would open, connect or start anything; who
# opens links no parser.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

command -v nm >/dev/null || skip "no nm"
programs=$(dirname "$(dirname "$OVERT")")

for role in worker judge; do
    nm -D --undefined-only "$programs/$role/overt-$role" |
        sed 's/@.*//; s/.* //' >symbols
    grep -qx recvmsg symbols || fail "$role cannot even listen"
    for name in open open64 openat openat64 fopen fopen64 creat socket connect \
        bind accept fork vfork execve execvp execl posix_spawn system popen \
        dlopen kill ptrace unlink rename; do
        if grep -qx "$name" symbols; then fail "overt-$role calls $name"; fi
    done
done

readelf -d "$OVERT" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' >needed
while read -r library; do
    case $library in
    libc.so.* | libcrypto.so.* | libseccomp.so.* | ld-linux*) ;;
    *) fail "overt links $library" ;;
    esac
done <needed
