#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# What one cloud has published another one takes, and publishes with the same
# ids and hashes, be it from bundles, from a server's answers or from MISP's
# feed; what is not taken is counted and named.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/publisher.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/cloud.sh"
intel_check=$(dirname "$scenario_path")/intel_check.py

# publish_and_list FOLDER: the ids of what it says, but for who says it.
publish_and_list() {
    must_cloud build "$1" --unlogged
    must_cloud intel "$1"
    python3 "$intel_check" said "$1/tree/intel" >"$1.ids" 2>err ||
        fail 'intel_check.py'
}

make_instance solo
must_cloud init C --instance DIR
printf '%s\n' "$(hash_of a) malicious Family.A" "$(hash_of b) unwanted" \
    "$(hash_of c) suspicious Family.C" "$(hash_of d) test Eicar" \
    "$(hash_of e) malicious" "$(hash_of f) malicious Family.A" \
    "$(hash_of g) good" >first
must_cloud verdict import C first
must_cloud build C --unlogged
must_cloud intel C
must_cloud verdict add C "$(hash_of f)" recalled
publish_and_list C
[ "$(wc -l <C.ids)" -gt 10 ] || fail 'too little is published'

# Bundles, all of them at once: the indicator that was revoked later is not in.
must_cloud init D --instance DIR
must_cloud verdict import D C/tree/intel/stix --as partner --why Trial
expect_line out '5 verdicts'
expect_text err 'not taken: 1 revoked or deleted: indicator--'
expect_text err 'not taken: 1 older versions of what is here, too: indicator--'
must_cloud verdict list D "$(hash_of a)"
expect_text out 'malicious Family.A'
expect_text out 'partner: Trial (C/tree/intel/stix sha256:'
publish_and_list D
cmp -s C.ids D.ids || fail 'the ids are others'

# Answers of a TAXII server, as a client keeps them.
"$CLOUD" taxii C --listen 127.0.0.1:0 >serve.out 2>serve.err &
servers="${servers-} $!"
wait_until test -s serve.out
port=$(sed -n 's/.* port //p' serve.out)
curl -s -H 'Accept: application/taxii+json;version=2.1' -o page.json \
    "http://127.0.0.1:$port/taxii2/public/collections/indicators/objects/"
must_cloud init E --instance DIR
must_cloud verdict import E page.json --as partner
publish_and_list E
cmp -s C.ids E.ids || fail 'the ids are others'

# MISP's feed says less: all that it names is malicious.
must_cloud init F --instance DIR
rm C/tree/intel/misp/manifest.json
must_cloud verdict import F C/tree/intel/misp --as partner
expect_line out '5 verdicts'
expect_text err 'not taken: 1 not meant for detection (to_ids): '
must_cloud verdict list F "$(hash_of b)"
expect_text out malicious

# What is for fewer people is left out unless the owner says otherwise.
sed 's/94868c89-83c2-464b-929b-a1a8aa3c8487/55d920b0-5e8b-4f79-9ee9-91f868d9b421/' \
    page.json >amber.json
must_cloud init G --instance DIR
must_cloud verdict import G amber.json
expect_line out '0 verdicts'
expect_text err 'may see it here (TLP): indicator--'
must_cloud verdict import G amber.json --tlp amber
expect_line out '5 verdicts'

# What is damaged is refused as a whole.
head -c 2000 page.json >broken.json
cloud verdict import G broken.json
expect_exit 1
expect_text err 'documents: malformed'
