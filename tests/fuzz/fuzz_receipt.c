/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "reputation/key_manifest.h"
#include "reputation/receipt.h"
#include "reputation/sample_note.h"
#include "reputation/triage.h"

/* The texts of submissions and of triage: what is read, is written as it was.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span all = ov_span_of(data, len);
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(2 * len + 4096);
    struct ov_receipt r;
    struct ov_sample_note n;
    struct ov_key_manifest m;
    struct ov_triage_case c;
    struct ov_decision d;
    uint8_t seen[32];
    struct ov_diag diag;

    FUZZ_CHECK(a != NULL);
    if (ov_receipt_parse(all, &r, &diag) == OV_OK)
        ov_put_receipt(&again, &r);
    else if (ov_sample_note_parse(all, &n, &diag) == OV_OK)
        ov_put_sample_note(&again, &n);
    else if (ov_key_manifest_parse(a, all, &m, &diag) == OV_OK)
        ov_put_key_manifest(&again, &m);
    else if (ov_decision_parse(all, &d, &diag) == OV_OK)
        ov_put_decision(&again, &d);
    else if (ov_triage_case_parse(all, &c, seen, &diag) == OV_OK)
        ov_put_triage_case(&again, &c, ov_triage_case_found(all));
    else
        return 0;
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), all));
    return 0;
}
