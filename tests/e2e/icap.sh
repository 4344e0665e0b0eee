# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For scenarios with overt-icap: after lib.sh.

: "${ICAP:?set ICAP to overt-icap}"
# shellcheck disable=SC2154 # lib.sh sets it
tests=$(dirname "$scenario_path")

# start_icap OPTION...: sets $port; the one before is ended.
start_icap() {
    [ -z "${icap-}" ] || kill "$icap"
    rm -f icap.err # of the one before, which said "ready", too
    "$ICAP" --daemon "$folder/clamd.sock" --listen 127.0.0.1:0 "$@" \
        2>icap.err &
    icap=$!
    servers="${servers-} $icap"
    wait_until grep -q '^overt-icap: ready' icap.err
    port=$(sed -n 's/^overt-icap: ready on port //p' icap.err)
}

# icap CASE: icap_cases.py at $port.
icap() {
    PYTHONDONTWRITEBYTECODE=1 timeout 100 \
        python3 "$tests/icap_cases.py" "$port" "$1" || fail "see above"
}
