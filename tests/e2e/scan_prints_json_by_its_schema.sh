#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every line of --json is an object that the schema in docs/ describes.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

python3 -c 'import jsonschema' 2>/dev/null || skip "no python3-jsonschema"
: "${SCHEMA:?set SCHEMA to docs/overt-scan.schema.json}"

make_rules
mkdir files
make_eicar files/bad
cp files/bad "$(printf 'files/not-utf8-\377"')"
echo good >files/good
truncate -s 200M files/large
overt scan --json --verbose --explain --all-matches --rules rules files missing
expect_exit 1
python3 - "$SCHEMA" <<'END' || fail "the output is not as the schema says"
import json
import sys
import jsonschema

schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
kinds = set()
for line in open("out", encoding="utf-8"):
    record = json.loads(line)
    validator.validate(record)
    kinds.add(record["type"])
    if "path_bytes" in record:
        assert bytes.fromhex(record["path_bytes"]).endswith(b'\xff"')
assert kinds == {"detection", "inconclusive", "file", "error", "summary"}, kinds
assert record["type"] == "summary" and record["files"] == 4
assert record["detected"] == 2 and record["inconclusive"] == 1
try:
    validator.validate({"type": "file", "path": 1})
except jsonschema.ValidationError:
    sys.exit(0)
sys.exit("the schema takes anything")
END
