#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The daemon's own processes are never asked about; paths, users and programs
# that are excluded are not; a look-alike of an excluded path is.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/guard.sh"

mkdir guarded/skipped guarded/skipped2
for place in . skipped skipped2; do echo EVIL >guarded/$place/bad; done
cp /bin/cat bin/reader
chmod 711 . && chmod 755 guarded

warden exec,open 3000 "skip-path=$guarded/skipped" "self=$guarded/bad" \
    "skip-process=$folder/bin/reader" skip-user=65534
wait_until has_line told "opened own"
expect_asked bad 0

expect_open guarded/skipped/bad
expect_denied guarded/skipped2/bad
expect_denied guarded/bad
bin/reader guarded/bad >/dev/null || fail "an excluded program is held back"
cp bin/reader bin/other
if bin/other guarded/bad >/dev/null 2>&1; then
    fail "a copy of an excluded program is excluded"
fi
setpriv --reuid 65534 --regid 65534 --clear-groups cat guarded/bad >/dev/null ||
    fail "an excluded user is held back"

# In another namespace any file can be made to have an excluded path.
unshare -m sh -c "
    mount -t tmpfs none '$guarded/skipped' && cp outside_bad guarded/skipped/x 2>/dev/null
    mount --bind '$guarded/skipped2' '$guarded/skipped'
    cat '$guarded/skipped/bad'" >/dev/null 2>&1 &&
    fail "a look-alike of an excluded path is not asked about"

# What it is: nobody, with what it needs and no more, and a filter.
grep -q '^Seccomp:[[:space:]]*2' "/proc/$guard_pid/status" || fail "no filter"
grep -q '^NoNewPrivs:[[:space:]]*1' "/proc/$guard_pid/status" ||
    fail "may gain privileges"
grep -q '^CapEff:[[:space:]]*0000000010280004$' "/proc/$guard_pid/status" ||
    fail "has other capabilities: $(grep CapEff "/proc/$guard_pid/status")"
grep -q '^Uid:[[:space:]]*65534' "/proc/$guard_pid/status" || fail "is root"
