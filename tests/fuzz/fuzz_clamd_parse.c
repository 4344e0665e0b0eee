/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "programs/overtd/clamd_parse.h"

/* A connection's bytes: command after command, as a session takes them. What a
 * command takes is there, it gets ahead, and what was whole stays the same
 * however much follows. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span left = ov_span_of(data, len);
    struct clamd_line line;
    struct clamd_line again;

    for (;;) {
        enum clamd_parsed parsed = clamd_parse(left, &line);

        if (parsed == CLAMD_MORE)
            return 0;
        FUZZ_CHECK(line.len > 0 && line.len <= left.len);
        FUZZ_CHECK(line.end == 0 || line.end == '\n');
        FUZZ_CHECK(line.argument.len < line.len);
        FUZZ_CHECK(line.argument.len == 0 || clamd_has_argument(line.command));
        if (parsed == CLAMD_WHOLE) {
            FUZZ_CHECK(clamd_parse(ov_span_clip(left, 0, line.len), &again) ==
                       CLAMD_WHOLE);
            FUZZ_CHECK(again.command == line.command && again.len == line.len);
        }
        left = ov_span_clip(left, line.len, left.len);
    }
}
