/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_parser.h"
#include "rules/yara_quality.h"

/* What yara says of rules that it takes all the same, in its words: scripts
 * look for them. Only for who asks. */

enum ov_status ov_yara_warn(struct ov_yara_parser *p, uint32_t line,
                            struct ov_span text)
{
    struct ov_warning *w;

    if (!p->options->wants_warnings)
        return OV_OK;
    w = ov_part_add(&p->part->warnings);
    if (w == NULL || !ov_arena_copy(p->part->arena, text, &w->text) ||
        !ov_arena_copy(p->part->arena, p->rule_name, &w->rule))
        return OV_NO_MEMORY;
    w->line = line;
    w->source = p->source + 1;
    return OV_OK;
}

static enum ov_status warn(struct ov_yara_parser *p,
                           const struct ov_yara_token *name, const char *before,
                           const char *behind)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(SIZE_MAX);

    ov_put_str(&text, before);
    ov_put_span(&text, name->text);
    ov_put_str(&text, behind);
    OV_TRY(ov_buf_status(&text));
    return ov_yara_warn(p, name->place.line, ov_buf_span(&text));
}

enum ov_status ov_yara_warn_of_string(struct ov_yara_parser *p,
                                      const struct ov_yara_token *name,
                                      const struct ov_pattern *pattern)
{
    struct ov_yara_quality q;

    if (!p->options->wants_warnings)
        return OV_OK;
    OV_TRY(ov_yara_quality_of(pattern, &q));
    if (q.has_dot_repeat)
        OV_TRY(warn(p, name, "",
                    " contains .*, .+ or .{x,} consider using .{,N}, .{1,N} or "
                    "{x,N} with a reasonable value for N"));
    return q.is_slow ? warn(p, name, "string \"", "\" may slow down scanning")
                     : OV_OK;
}
