/* SPDX-License-Identifier: Apache-2.0 */
#include "host/finding.h"

#include "base/text.h"
#include "host/quarantine_meta.h"

/* A worker that was taken over may say anything: every text is cut at
 * QUARANTINE_TEXT_MAX and escaped where it becomes a line. */

#define SHOWN_BYTES 32

void finding_done(struct finding *f)
{
    ov_buf_done(&f->rule);
    ov_buf_done(&f->source);
    ov_buf_done(&f->kind);
    ov_buf_done(&f->explanation);
    f->is_set = false;
}

void finding_clear(struct finding *f)
{
    struct ov_buf *const all[] = {&f->rule, &f->source, &f->kind,
                                  &f->explanation};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        ov_buf_clear(all[i]);
        all[i]->max = QUARANTINE_TEXT_MAX;
    }
    f->is_set = false;
}

static void put_members(struct ov_buf *b, const struct ov_wire_path *path)
{
    for (size_t i = 0; i < path->n; i++) {
        ov_put_str(b, i == 0 ? "in " : " > ");
        ov_put_escaped(b, path->names[i].len > 0 ? path->names[i]
                                                 : OV_SPAN_LIT("(no name)"));
    }
    if (path->n > 0)
        ov_put_u8(b, '\n');
}

static void put_evidence(struct ov_buf *b, const struct ov_wire_evidence *e)
{
    struct ov_span shown = ov_span_clip(e->bytes, 0, SHOWN_BYTES);

    if (e->name.len > 0)
        ov_put_escaped(b, e->name);
    else
        ov_put_format(b, "part %u", e->term);
    ov_put_format(b, " at byte %llu, %llu long: ", (unsigned long long)e->at,
                  (unsigned long long)e->len);
    ov_put_hex(b, shown);
    ov_put_str(b, shown.len < e->len ? "...\n" : "\n");
}

void finding_put_explanation(struct ov_buf *b,
                             const struct ov_wire_detection *d)
{
    put_members(b, &d->path);
    for (size_t i = 0; i < d->n_notes; i++) {
        const struct ov_rule_note *note = &d->notes[i];

        ov_put_escaped(b, note->key.len > 0 ? note->key : OV_SPAN_LIT("tag"));
        ov_put_str(b, ": ");
        ov_put_escaped(b, note->value);
        ov_put_u8(b, '\n');
    }
    for (size_t i = 0; i < d->n_evidence; i++)
        put_evidence(b, &d->evidence[i]);
}

/* Escaped, so that it has no NUL, and so that it can be shown. */
static void put_text(struct ov_buf *b, struct ov_span text)
{
    ov_put_escaped(b, ov_span_clip(text, 0, QUARANTINE_TEXT_MAX / 8));
}

/* What does not fit is left out; the rest is worth having. */
static bool is_good(struct ov_buf *b)
{
    if (ov_buf_status(b) == OV_LIMIT_SIZE)
        b->status = OV_OK;
    return ov_buf_status(b) == OV_OK;
}

enum ov_status finding_set(struct finding *f, const struct ov_wire_detection *d)
{
    finding_clear(f);
    put_text(&f->rule, d->rule);
    put_text(&f->source, d->source);
    put_text(&f->kind, d->kind);
    finding_put_explanation(&f->explanation, d);
    if (!is_good(&f->rule) || !is_good(&f->source) || !is_good(&f->kind) ||
        !is_good(&f->explanation)) {
        finding_clear(f);
        return OV_NO_MEMORY;
    }
    f->line = d->line;
    f->flags = d->flags;
    f->is_set = true;
    return OV_OK;
}

enum ov_status finding_copy(struct finding *ret, const struct finding *from)
{
    finding_clear(ret);
    ov_put_span(&ret->rule, ov_buf_span(&from->rule));
    ov_put_span(&ret->source, ov_buf_span(&from->source));
    ov_put_span(&ret->kind, ov_buf_span(&from->kind));
    ov_put_span(&ret->explanation, ov_buf_span(&from->explanation));
    if (ov_buf_status(&ret->rule) != OV_OK ||
        ov_buf_status(&ret->source) != OV_OK ||
        ov_buf_status(&ret->kind) != OV_OK ||
        ov_buf_status(&ret->explanation) != OV_OK) {
        finding_clear(ret);
        return OV_NO_MEMORY;
    }
    ret->flags = from->flags;
    ret->line = from->line;
    ret->is_set = from->is_set;
    return OV_OK;
}
