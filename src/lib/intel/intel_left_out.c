/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/intel_left_out.h"

/* Names are bounded in number and length, so that a document of a million
 * damaged objects is told in one line. */

#define NAMES_SHOWN 20
#define NAME_SHOWN 80
#define SHOWN_MAX (NAMES_SHOWN * (NAME_SHOWN + 2))

void ov_intel_left_out_init(struct ov_intel_left_out *l, const char *own_words)
{
    *l = (struct ov_intel_left_out){.own_words = own_words};
    for (unsigned i = 0; i < OV_N_INTEL_LEFT_OUT; i++)
        l->of[i].names = ov_buf_with_max(SHOWN_MAX);
}

void ov_intel_left_out_done(struct ov_intel_left_out *l)
{
    for (unsigned i = 0; i < OV_N_INTEL_LEFT_OUT; i++)
        ov_buf_done(&l->of[i].names);
}

void ov_intel_left_out_add(struct ov_intel_left_out *l, unsigned why,
                           struct ov_span id)
{
    struct ov_buf *names = &l->of[why].names;

    if (l->of[why].n++ >= NAMES_SHOWN)
        return;
    ov_put_str(names, l->of[why].n > 1 ? ", " : "");
    if (id.len > 0)
        ov_put_span(names, ov_span_clip(id, 0, NAME_SHOWN));
    else
        ov_put_str(names, "(no id)");
}

bool ov_intel_left_out_put(const struct ov_intel_left_out *l, unsigned why,
                           struct ov_buf *b)
{
    if (l->of[why].n == 0)
        return false;
    ov_put_format(b, "not taken: %zu %s: ", l->of[why].n,
                  why == OV_INTEL_LEFT_OUT_OWN
                      ? l->own_words
                      : ov_intel_skip_words((enum ov_intel_skip)why));
    ov_put_span(b, ov_buf_span(&l->of[why].names));
    ov_put_str(b, l->of[why].n > NAMES_SHOWN ? ", ..." : "");
    return true;
}
