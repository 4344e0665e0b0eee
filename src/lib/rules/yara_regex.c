/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_regex.h"

#include "match/re_tree.h"

/* Between the lexer, which cuts /.../is out, and match/re.h. */

static uint32_t flags_of(const struct ov_yara_token *token)
{
    uint32_t flags = 0;

    for (size_t i = token->value.len + 2; i < token->text.len; i++)
        flags |= token->text.ptr[i] == 'i' ? OV_RE_NOCASE : OV_RE_DOT_ALL;
    return flags;
}

/* The fault at its place in the source: an expression has no line feed. */
static enum ov_status fail(const struct ov_yara_token *token,
                           struct ov_yara_fault *fault, enum ov_status status,
                           const struct ov_re_fault *found)
{
    struct ov_yara_token at = *token;
    size_t skip = found->at + 1;

    if (status == OV_NO_MEMORY)
        return status;
    at.place.at += skip;
    at.place.column += (unsigned)skip;
    at.text = ov_span_clip(token->text, skip, 8);
    return ov_yara_fault_set(fault, status, &at, "%s", found->why);
}

enum ov_status ov_yara_regex_pattern(const struct ov_yara_token *token,
                                     struct ov_arena *arena,
                                     struct ov_yara_fault *fault,
                                     struct ov_pattern *ret)
{
    uint32_t flags = flags_of(token);
    struct ov_re_fault found = {0};
    struct ov_re_tree tree = {0};
    struct ov_pattern p = {0};
    enum ov_status status =
        ov_re_parse(token->value, flags | OV_RE_ONE_GREED, &tree, &found);

    if (status != OV_OK)
        return fail(token, fault, status, &found);
    ov_re_tree_done(&tree);
    if (!ov_arena_copy(arena, token->value, &p.regex))
        return OV_NO_MEMORY;
    p.flags |= flags & OV_RE_NOCASE ? OV_PATTERN_NOCASE : 0u;
    p.flags |= flags & OV_RE_DOT_ALL ? OV_PATTERN_DOT_ALL : 0u;
    *ret = p;
    return OV_OK;
}

enum ov_status ov_yara_regex_code(const struct ov_yara_token *token,
                                  struct ov_yara_fault *fault,
                                  struct ov_buf *code)
{
    struct ov_re_fault found = {0};
    enum ov_status status =
        ov_re_compile(token->value, flags_of(token), code, &found);

    return status == OV_OK ? OV_OK : fail(token, fault, status, &found);
}
