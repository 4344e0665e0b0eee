/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_scan.h"
#include "rules/yara.h"

/* A YARA source, then a zero byte, then bytes that are scanned with what it
 * compiles to. Whatever it includes is the source itself. Conditions that were
 * parsed are never malformed to the machine, and each rule is either taken or
 * left out with a reason. */

static const char *include(void *data, uint32_t source, struct ov_span path,
                           struct ov_yara_file *ret)
{
    FUZZ_CHECK(source == 0);
    if (path.len == 0)
        return "there is no such file";
    *ret = (struct ov_yara_file){0, *(const struct ov_span *)data};
    return NULL;
}

static void look_for_includes(struct ov_span text)
{
    struct ov_span path;
    size_t at = 0;
    size_t before = 0;

    while (ov_yara_next_include(text, &at, &path)) {
        FUZZ_CHECK(at > before && at <= text.len);
        before = at;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span rest = ov_span_of(data, len);
    struct ov_yara_options options = {.wants_warnings = true,
                                      .externals = fuzz_externals,
                                      .n_externals = FUZZ_N_EXTERNALS,
                                      .include = include};
    struct ov_diag diag = {0};
    struct ov_span text;
    OV_AUTO(part) part = ov_part_new(0);
    enum ov_status status;

    FUZZ_CHECK(part != NULL);
    (void)ov_span_cut(&rest, 0, &text);
    options.data = &text;
    look_for_includes(text);
    status = ov_yara_parse(text, &options, part, &diag);
    FUZZ_CHECK(status == OV_OK || status == OV_MALFORMED);
    if (status == OV_MALFORMED) {
        FUZZ_CHECK(diag.line > 0 && diag.text[0] != '\0');
        FUZZ_CHECK(part->skips.n > 0);
    }
    for (size_t i = 0; i < part->skips.n; i++)
        FUZZ_CHECK(part->skips.items[i].why.len > 0);
    fuzz_scan_part(part, text, rest);
    return 0;
}
