/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "magic" (YARA documentation, "Magic module"): magic.type() and
 * magic.mime_type(), what libmagic says of the object. The library does not
 * link libmagic; whoever scans says who asks it (struct ov_scan_options), and
 * without that, or where libmagic says nothing, both are undefined.
 *
 * Both are asked for once. libmagic looks at a bounded part of the object, so
 * each question costs the same number of steps. */
#include "modules/module.h"

#define QUESTION_STEPS (1u << 22)

enum question {
    QUESTION_TYPE,
    QUESTION_MIME,
    N_QUESTIONS
};

struct magic_state {
    bool is_known[N_QUESTIONS];
    struct ov_datum answers[N_QUESTIONS];
};

static enum ov_status ask(const struct ov_module_input *in, enum question q,
                          struct ov_datum *ret)
{
    struct ov_span answer, kept;

    if (in->identify == NULL)
        return OV_OK;
    OV_TRY(ov_budget_spend(in->budget, OV_COST_STEPS, QUESTION_STEPS));
    if (!in->identify(in->identify_data, in->bytes, q == QUESTION_MIME,
                      &answer))
        return OV_OK;
    if (!ov_arena_copy(in->arena, answer, &kept))
        return OV_NO_MEMORY;
    *ret = ov_datum_text(kept);
    return OV_OK;
}

static enum ov_status answer(struct ov_module_run *run, enum question q,
                             struct ov_datum *ret)
{
    struct magic_state *state = run->state;

    if (state == NULL)
        state = run->state = ov_arena_alloc(run->in->arena, sizeof(*state));
    if (state == NULL)
        return OV_NO_MEMORY;
    if (!state->is_known[q])
        OV_TRY(ask(run->in, q, &state->answers[q]));
    state->is_known[q] = true;
    *ret = state->answers[q];
    return OV_OK;
}

static enum ov_status call_type(struct ov_module_call *call,
                                struct ov_datum *ret)
{
    return answer(call->run, QUESTION_TYPE, ret);
}

static enum ov_status call_mime_type(struct ov_module_call *call,
                                     struct ov_datum *ret)
{
    return answer(call->run, QUESTION_MIME, ret);
}

static const struct ov_function type[] = {
    {.arguments = "", .result = OV_DATUM_STRING, .call = call_type},
};
static const struct ov_function mime_type[] = {
    {.arguments = "", .result = OV_DATUM_STRING, .call = call_mime_type},
};

static const struct ov_field fields[] = {
    OV_FIELD_FUNCTION("mime_type", mime_type),
    OV_FIELD_FUNCTION("type", type),
};

extern const struct ov_module ov_module_magic;
const struct ov_module ov_module_magic = {
    .name = "magic",
    .root = OV_STRUCTURE(fields),
};
