/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/alert.h"
#include "fuzz.h"

/* The first byte chooses one of the engine's own checks and the name that the
 * object has, the rest is the object. Whatever it is, there is an answer, and
 * it is the same twice. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static enum ov_status (*const checks[])(const struct ov_alert_job *job,
                                            const char **ret) = {
        ov_alert_zip,        ov_alert_xz,    ov_alert_jpeg,     ov_alert_riff,
        ov_alert_pdf,        ov_alert_cards, ov_alert_security, ov_alert_macros,
        ov_alert_macros,     ov_alert_png,   ov_alert_gif,      ov_alert_tiff,
        ov_alert_jpeg_damage};

    static const uint64_t bounds[OV_N_BOUNDS] = {
        [OV_BOUND_CARDS] = 2, [OV_BOUND_SECURITY] = 2};

    OV_AUTO(arena) arena = ov_arena_new(16 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_alert_job job = {.arena = arena,
                               .budget = &budget,
                               .wanted = UINT32_MAX,
                               .bounds = bounds};
    const char *first = NULL;
    const char *second = NULL;

    if (len == 0 || arena == NULL ||
        data[0] >= sizeof(checks) / sizeof(checks[0]))
        return 0;
    job.name = data[0] % 2 == 0 ? OV_SPAN_LIT("workbook") : OV_SPAN_LIT("dir");
    job.bytes = ov_span_of(data + 1, len - 1);
    if (checks[data[0]](&job, &first) != OV_OK ||
        checks[data[0]](&job, &second) != OV_OK)
        return 0;
    FUZZ_CHECK(first == second);
    return 0;
}
