#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# overt-cloud taxii tells all that was published, byte for byte, page by page
# and by every filter, from its jail; errors are those of the standard.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/publisher.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/cloud.sh"

must_serve() {
    python3 "$(dirname "$scenario_path")/taxii_check.py" \
        "http://127.0.0.1:$port" C/tree/intel 2>err || fail 'taxii_check.py'
}

make_instance solo
must_cloud init C --instance DIR
cloud taxii C --listen 127.0.0.1:0
expect_exit 1
expect_line err \
    'overt-cloud: C: nothing is published; overt-cloud intel does it'
python3 -c '
import hashlib
words = ["malicious Family.A", "unwanted", "good", "malicious Family.B%d"]
for n in range(900):
    said = words[n % 4].replace("%d", str(n % 40))
    print(hashlib.sha256(b"%d" % n).hexdigest(), said)' >first
must_cloud verdict import C first
must_cloud build C --unlogged
must_cloud intel C

"$CLOUD" taxii C --listen 127.0.0.1:0 >serve.out 2>serve.err &
pid=$!
servers="${servers-} $pid"
wait_until test -s serve.out
port=$(sed -n 's/.* port //p' serve.out)
must_serve

# It is in its jail: it can read what is published, and no other file.
grep -q '^Seccomp:.2' "/proc/$pid/status" || fail 'it has no filter'
grep -q '^NoNewPrivs:.1' "/proc/$pid/status" || fail 'it may gain rights'

# A new edition is there at once, and the old one's positions still count.
printf '%s\n' "$(hash_of 0) recalled" "$(hash_of 4) malicious Family.New" \
    "$(hash_of 1) good" "$(hash_of new) test" >second
must_cloud verdict import C second
must_cloud delta C --unlogged
must_cloud intel C
must_serve

kill "$pid"
wait "$pid" || fail 'it does not end well'
