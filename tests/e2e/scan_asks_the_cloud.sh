#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A scan looks up programs that no rule finds: by the filter here, and only if
# that says "perhaps" in the cloud. What the cloud calls good is still found by
# rules; a recall names what comes back from quarantine. "Perhaps" without an
# answer that holds is inconclusive, and not remembered.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_client.sh"

trust_publisher
mkdir files
printf '\177ELF evil' >files/evil
printf 'MZ a nice one' >files/nice
printf 'evil text' >files/text
i=0
while [ "$i" -lt 40 ]; do
    printf '\177ELF number %u' "$i" >"files/program$i"
    i=$((i + 1))
done
digest_of() {
    sha256sum "$1" | cut -c -64
}
evil=$(digest_of files/evil)
make_eicar files/eicar
make_cloud cloud 1 "bad=$evil" "bad=$(digest_of files/text)" \
    "good=$(digest_of files/eicar)" "good=$(digest_of files/nice)"
python3 "$tests/mirror.py" . &
servers=$!
wait_until test -e port
cat >overt.xdg <<EOF
[cloud]
server = http://127.0.0.1:$(cat port)/plain/cloud
EOF
# Root reads the system's file only, so the place is given where it can be.
cloud update --from "http://127.0.0.1:$(cat port)/plain/cloud"
expect_exit 0
rm requests
scan() {
    overt --state state scan --no-cache --quiet "$@"
}

# Not unless it is wanted.
scan files/evil
expect_exit 0
# Without leave to ask, nobody is asked; "perhaps" stays.
scan --cloud files/evil
expect_exit 3
expect_line out 'files/evil: INCONCLUSIVE unconfirmed cloud'
scan --cloud files/text
expect_exit 0
[ ! -e requests ] || fail 'a request without leave'
# Deltas know without asking.
make_cloud cloud 1 "bad=$evil" "bad=$(digest_of files/text)" \
    "good=$(digest_of files/eicar)" "good=$(digest_of files/nice)" \
    "add=$evil"
cloud update --from cloud
scan --cloud files
expect_exit 1
expect_text out 'Cloud.malicious.Newer.Family'
expect_text out 'Test.Eicar'
[ "$(grep -c DETECTED out)" -eq 2 ] || fail "others are found: $(cat out)"
[ ! -e requests ] || fail 'asks for what it knows'
scan --cloud --no-cloud files/evil
expect_exit 0

# The mode set, and a server: only what may be bad is asked for.
if unshare -m true 2>/dev/null; then
    rm -rf state/reputation
    make_cloud other 1 "bad=$evil"
    mkdir -p config/overt
    sed 's/plain\/cloud/plain\/other/' overt.xdg >config/overt/overt.conf
    cloud mode prefix --yes
    cloud update --from "http://127.0.0.1:$(cat port)/plain/other"
    rm -f requests
    # scan_with_leave WORD...
    scan_with_leave() {
        exit_code=0
        # shellcheck disable=SC2016 # of the inner shell
        unshare -m sh -c 'mount -t tmpfs none /etc &&
            mkdir /etc/overt &&
            cp config/overt/overt.conf /etc/overt/ &&
            exec "$0" --state state scan --quiet "$@"' "$OVERT" "$@" \
            >out 2>err || exit_code=$?
    }
    scan_with_leave --no-cache files
    expect_exit 1
    expect_text out 'Cloud.malicious.Example.Family'
    grep -c '^GET' requests >n
    [ "$(cat n)" -ge 1 ] || fail 'nobody was asked'
    [ "$(cat n)" -le 5 ] || fail "$(cat n) requests"

    # A spoiled answer, and none: not clean, and asked again the next time.
    pack=other/v1/snap/1/buckets.pack
    mv "$pack" whole
    tr '\000-\377' '\001-\377\000' <whole >"$pack"
    scan_with_leave files/evil
    expect_exit 3
    expect_line out 'files/evil: INCONCLUSIVE unconfirmed cloud'
    expect_text err REFUSED
    rm "$pack"
    scan_with_leave files/evil
    expect_exit 3
    mv whole "$pack"
    scan_with_leave files/evil
    expect_exit 1
    expect_text out 'Cloud.malicious.Example.Family'
    cloud mode off
fi

# What a recall brings back.
rm -rf state/reputation
cloud update --from cloud
scan --cloud --quarantine files/evil
expect_exit 1
[ ! -e files/evil ] || fail 'not in quarantine'
make_cloud cloud 1 "bad=$evil" "bad=$(digest_of files/text)" \
    "good=$(digest_of files/eicar)" "good=$(digest_of files/nice)" \
    "add=$evil" "recall=$evil"
cloud update --from cloud
expect_exit 0
expect_text out 'RECALLED: '
item=$(sed -n 's/.*overt quarantine restore //p' out)
overt --state state quarantine restore "$item"
expect_exit 0
[ -e files/evil ] || fail 'not restored'
scan --cloud files/evil
expect_exit 0
