/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/update.h"

/* The words of steps and refusals: apart from the procedure, so that who only
 * prints them links nothing else. */

static const char *const step_words[OV_N_UPDATE_STEPS] = {
#define OV_UPDATE_STEP(id, word, what) [OV_STEP_##id] = word,
#include "trust/update_step.def"
#undef OV_UPDATE_STEP
};

static const struct ov_refusal_text refusals[OV_N_REFUSALS] = {
    [OV_REFUSED_NOT] = {"none", OV_STEP_SWITCH, OV_REFUSAL_NONE, "All is well.",
                        ""},
#define OV_REFUSAL(id, word, step, class, sentence, remedy)                    \
    [OV_REFUSED_##                                                             \
        id] = {word, OV_STEP_##step, OV_REFUSAL_##class, sentence, remedy},
#include "trust/update_refusal.def"
#undef OV_REFUSAL
};

const char *ov_update_step_word(enum ov_update_step step)
{
    return step < OV_N_UPDATE_STEPS ? step_words[step] : "?";
}

const struct ov_refusal_text *ov_refusal_text(unsigned refusal)
{
    static const struct ov_refusal_text unknown = {
        "unknown", OV_STEP_STATE, OV_REFUSAL_MACHINE,
        "The judge says what this program does not understand.",
        "Install it again."};

    return refusal < OV_N_REFUSALS ? &refusals[refusal] : &unknown;
}
