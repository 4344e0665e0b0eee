/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "rules/clamav_regex.h"

#include <pcre2.h>

#include "rules/clamav_logic.h"
#include "rules/clamav_place.h"
#include "rules/clamav_subsig.h"

/* PCRE subsignatures, "[offset:]trigger/regex/flags". The trigger is a logical
 * expression over subsignatures before this one. The regex is between the first
 * and the last slash; it is compiled here once, to refuse what does not.
 *
 * Source: ClamAV manual, "PCRE subsignatures"; clamscan 1.4.6. */

#define MAX_FIELDS 4
#define MAX_TRIGGER 4096

static const struct {
    char letter;
    uint32_t flag; /* enum ov_regex_flag */
    uint32_t option;
} letters[] = {
    {'g', OV_REGEX_GLOBAL, 0},
    {'r', OV_REGEX_ROLLING, 0},
    {'e', OV_REGEX_ENCOMPASS, 0},
    {'i', OV_REGEX_CASELESS, PCRE2_CASELESS},
    {'s', OV_REGEX_DOTALL, PCRE2_DOTALL},
    {'m', OV_REGEX_MULTILINE, PCRE2_MULTILINE},
    {'x', OV_REGEX_EXTENDED, PCRE2_EXTENDED},
    {'A', OV_REGEX_ANCHORED, PCRE2_ANCHORED},
    {'E', OV_REGEX_DOLLAR_ENDONLY, PCRE2_DOLLAR_ENDONLY},
    {'U', OV_REGEX_UNGREEDY, PCRE2_UNGREEDY},
};

static bool read_flags(struct ov_span s, uint32_t *ret_flags,
                       uint32_t *ret_options)
{
    for (size_t i = 0; i < s.len; i++) {
        size_t n = sizeof(letters) / sizeof(letters[0]);
        size_t j = 0;

        while (j < n && letters[j].letter != ov_span_byte(s, i))
            j++;
        if (j == n)
            return false;
        *ret_flags |= letters[j].flag;
        *ret_options |= letters[j].option;
    }
    return true;
}

enum ov_status ov_clam_try_regex(struct ov_span source, uint32_t options,
                                 struct ov_clam_fault *fault)
{
    int error = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *code =
        pcre2_compile(source.ptr, source.len, options, &error, &at, NULL);

    if (code == NULL && error == PCRE2_ERROR_NOMEMORY)
        return OV_NO_MEMORY;
    if (code == NULL)
        return ov_clam_fault(fault, "the regular expression is wrong here",
                             ov_span_clip(source, at, source.len));
    pcre2_code_free(code);
    return OV_OK;
}

static enum ov_status read_trigger(struct ov_span text, uint32_t index,
                                   struct ov_arena *arena, struct ov_span *ret,
                                   bool *ret_may_be_idle,
                                   struct ov_clam_fault *fault)
{
    OV_AUTO_DONE(buf) code = ov_buf_with_max(MAX_TRIGGER);
    struct ov_clam_logic logic;

    OV_TRY(ov_clam_logic(text, &code, &logic, fault));
    if (logic.n_ids > index)
        return ov_clam_fault(
            fault, "a trigger refers to subsignatures before it", text);
    if (logic.may_be_idle)
        *ret_may_be_idle = true;
    return ov_arena_copy(arena, ov_buf_span(&code), ret) ? OV_OK : OV_NO_MEMORY;
}

/* The last place of a slash in s. */
static size_t last_slash(struct ov_span s)
{
    size_t at = s.len;

    while (at > 0 && ov_span_byte(s, at - 1) != '/')
        at--;
    return at == 0 ? SIZE_MAX : at - 1;
}

enum ov_status ov_clam_regex(const struct ov_clam_subsig *sub,
                             struct ov_arena *arena, struct ov_regex *ret,
                             bool *ret_may_be_idle, struct ov_clam_fault *fault)
{
    struct ov_span f[MAX_FIELDS];
    size_t n = ov_clam_split_regex(sub->text, ':', f, MAX_FIELDS, 0);
    struct ov_span s = n == 2 ? f[1] : f[0];
    size_t first = ov_span_find_byte(s, '/', 0);
    size_t last = last_slash(s);
    struct ov_span trigger = ov_span_clip(s, 0, first);
    uint32_t options = 0;

    if (n == MAX_FIELDS || first == last)
        return ov_clam_fault(fault, "expected trigger/regex/flags", sub->text);
    ret->source = ov_span_clip(s, first + 1, last - first - 1);
    if (trigger.len == 0 || ret->source.len == 0)
        return ov_clam_fault(fault, "the trigger or the regex is empty",
                             sub->text);
    if (!read_flags(ov_span_clip(s, last + 1, s.len), &ret->flags, &options))
        return ov_clam_fault(fault, "regex flags are g r e i s m x A E U",
                             ov_span_clip(s, last + 1, s.len));
    if (n == 2)
        OV_TRY(ov_clam_place(f[0], sub->target, &ret->place, fault));
    OV_TRY(read_trigger(trigger, sub->index, arena, &ret->trigger,
                        ret_may_be_idle, fault));
    return ov_clam_try_regex(ret->source, options, fault);
}
