/* SPDX-License-Identifier: Apache-2.0 */
#include "submit_preview.h"

#include "base/text.h"

/* The note is shown as the very text that goes into the envelope, the bytes as
 * they are. The file's name is not among them, and so not here. */

#define SHOWN_BYTES 256
#define PER_LINE 16

static void show_line(struct out *o, struct ov_span bytes, size_t at)
{
    struct ov_span line = ov_span_clip(bytes, at, PER_LINE);

    out_format(o, "    %08zx ", at);
    for (size_t i = 0; i < PER_LINE; i++) {
        int c = ov_span_byte(line, i);

        if (c < 0)
            out_format(o, "   ");
        else
            out_format(o, " %02x", (unsigned)c);
    }
    out_format(o, "  |");
    for (size_t i = 0; i < line.len; i++) {
        int c = ov_span_byte(line, i);

        out_format(o, "%c", c >= 0x20 && c < 0x7f ? c : '.');
    }
    out_format(o, "|\n");
}

static void show_bytes(struct out *o, const struct submit_preview *p)
{
    size_t shown =
        p->has_all || p->sample.len < SHOWN_BYTES ? p->sample.len : SHOWN_BYTES;

    out_format(o, "  its bytes:\n");
    for (size_t at = 0; at < shown; at += PER_LINE)
        show_line(o, p->sample, at);
    if (shown < p->sample.len)
        out_format(o, "    ... %zu more; --hexdump shows them all\n",
                   p->sample.len - shown);
}

static void show_note(struct out *o, struct ov_span note)
{
    struct ov_span line;

    out_format(o, "  what is said of it, all of it:\n");
    while (note.len > 0) {
        (void)ov_span_cut(&note, '\n', &line);
        out_format(o, "    ");
        out_escaped(o, line);
        out_format(o, "\n");
    }
}

void submit_show_reasons(struct out *o, const struct ov_submission_decision *d)
{
    for (unsigned i = 0; i < OV_N_SUBMISSION_REASONS; i++) {
        if ((d->reasons & UINT32_C(1) << i) != 0)
            out_format(
                o, "  not sent by itself: %s\n",
                ov_submission_reason_words((enum ov_submission_reason)i));
    }
}

void submit_show(struct out *o, const struct submit_preview *p)
{
    out_format(o, "%s of %zu bytes%s\n",
               ov_submission_class_words(p->decision.class), p->sample.len,
               p->depth > 0 ? ", out of what contains it" : "");
    out_format(o, "  what for: %s\n",
               p->purpose == OV_PURPOSE_FALSE_POSITIVE
                   ? "to say that it is found wrongly"
                   : "to be analysed");
    out_format(o, "  where to: region %s (", p->keys->region);
    out_escaped(o, p->keys->jurisdiction);
    out_format(o, "), ");
    out_escaped(o, p->keys->operator_name);
    out_format(o, ", ");
    out_escaped(o, ov_span_str(p->endpoint));
    out_format(o, "\n  sealed to its key ");
    ov_put_hex(&o->text, ov_span_of(p->keys->key_id, sizeof(p->keys->key_id)));
    out_format(o, "\n");
    show_note(o, p->note);
    show_bytes(o, p);
    submit_show_reasons(o, &p->decision);
}
