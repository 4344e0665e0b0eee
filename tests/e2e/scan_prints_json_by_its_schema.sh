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
make_eicar bad
cp files/bad "$(printf 'files/not-utf8-\377"')"
echo good >files/good
truncate -s 200M files/large
# shellcheck disable=SC2016 # a dollar of YARA's
printf '%s\n' 'rule Noted : some_tag { meta: author = "me" n = -5' \
    'strings: $name = "good" condition: $name }' >rules/noted.yar
overt --state state scan --json --quiet --rules rules --quarantine bad
expect_exit 1
mv out taken
overt scan --json --verbose --explain --all-matches --rules rules files missing
expect_exit 1
cat taken out >both
mv both out
python3 - "$SCHEMA" <<'END' || fail "the output is not as the schema says"
import json
import sys
import jsonschema

schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
kinds = set()
noted = None
for line in open("out", encoding="utf-8"):
    record = json.loads(line)
    validator.validate(record)
    kinds.add(record["type"])
    if record.get("rule") == "Noted":
        noted = record
    if "path_bytes" in record:
        assert bytes.fromhex(record["path_bytes"]).endswith(b'\xff"')
assert kinds == {"detection", "inconclusive", "file", "quarantined", "error",
                 "summary"}, kinds
assert record["type"] == "summary" and record["files"] == 4
assert noted["tags"] == ["some_tag"] and noted["meta"] == [
    {"key": "author", "value": "me"}, {"key": "n", "value": "-5"}], noted
assert noted["evidence"][0]["name"] == "$name"
assert record["detected"] == 3 and record["inconclusive"] == 1
try:
    validator.validate({"type": "file", "path": 1})
except jsonschema.ValidationError:
    sys.exit(0)
sys.exit("the schema takes anything")
END
