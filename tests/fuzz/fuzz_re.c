/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "match/re_run.h"

/* A byte of flags, an expression up to the first zero, and a text. If the top
 * flag is set the compiled form is damaged by what the text begins with.
 * Whatever comes, reading and running end within the budget and inside of the
 * text. */
#define MAX_STEPS (1u << 20)
#define MAX_PLACES 64
#define MAX_EDITS 8

static void edit(struct ov_buf *code, struct ov_span by)
{
    for (size_t i = 0; i < MAX_EDITS && 3 * i + 2 < by.len; i++)
        code->ptr[ov_load16le(by.ptr + 3 * i) % code->len] = by.ptr[3 * i + 2];
}

static void run_from(struct ov_re_runner *r, const struct ov_re *re,
                     const struct ov_re_from *from)
{
    const uint64_t *starts = NULL;
    uint64_t end;
    size_t n;

    if (ov_re_forward(r, re, from, &end) == OV_OK && end != UINT64_MAX &&
        (end < from->at || end > from->view.len))
        abort();
    if (ov_re_backward(r, re, from, &starts, &n) != OV_OK)
        return;
    for (size_t i = 0; i < n; i++)
        if (starts[i] > from->at)
            abort();
}

static void run(struct ov_span code, struct ov_span text, uint32_t width)
{
    struct ov_budget budget = {.limit[OV_COST_STEPS] = MAX_STEPS};
    OV_AUTO(re_runner) r = ov_re_runner_new();
    bool is_found;
    struct ov_re re;

    (void)!ov_re_search(code, text, &budget, &is_found); /* any answer */
    if (r == NULL || !ov_re_open(code, &re))
        return;
    for (uint64_t at = 0; at <= text.len && at < MAX_PLACES; at++) {
        struct ov_re_from from = {.view = text, .at = at, .width = width};

        run_from(r, &re, &from);
        from.node = (uint32_t)(at % re.n_nodes);
        run_from(r, &re, &from);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OV_AUTO_DONE(buf) code = ov_buf_with_max(1 << 20);
    struct ov_span text = ov_span_of(data, size);
    struct ov_re_fault fault = {0};
    struct ov_span source;
    uint8_t flags;

    if (size == 0)
        return 0;
    flags = data[0];
    text = ov_span_clip(text, 1, size);
    (void)ov_span_cut(&text, 0, &source);
    if (ov_re_compile(source, flags & 7, &code, &fault) != OV_OK) {
        if (fault.at > source.len)
            abort();
        return 0;
    }
    if (flags & 0x80)
        edit(&code, text);
    run(ov_buf_span(&code), text, flags & 0x40 ? 2 : 1);
    return 0;
}
