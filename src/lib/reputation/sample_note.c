/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/sample_note.h"

#include "base/text.h"
#include "reputation/fields.h"

/* The month and not the day: when a sample was sent is known to whoever takes
 * it, when it was found is not. */

#define FIRST_LINE "overt-sample/1"

static const char *const consent_names[] = {
    [OV_CONSENT_FILE] = "file",
    [OV_CONSENT_RULE] = "rule",
    [OV_CONSENT_CLASS] = "class",
};

#define N_CONSENT (sizeof(consent_names) / sizeof(consent_names[0]))

const char *ov_consent_name(enum ov_consent c)
{
    return (size_t)c < N_CONSENT ? consent_names[c] : "?";
}

void ov_put_sample_note(struct ov_buf *b, const struct ov_sample_note *n)
{
    ov_put_str(b, FIRST_LINE "\nsha256 ");
    ov_put_hex(b, ov_span_of(n->digest, sizeof(n->digest)));
    ov_put_format(b, "\nsize %llu\ntype ", (unsigned long long)n->size);
    ov_put_span(b, n->type);
    ov_put_str(b, "\nrule ");
    ov_put_span(b, n->rule);
    ov_put_str(b, "\nbuild ");
    ov_put_span(b, n->build);
    ov_put_format(b, "\nepoch %llu\nmonth %s\nconsent %s\n",
                  (unsigned long long)n->epoch, n->month,
                  ov_consent_name(n->consent));
}

static void read_month(struct ov_fields *f, struct ov_sample_note *n)
{
    struct ov_span month = ov_field_word(f, "month");
    bool is_good = month.len == sizeof(n->month) - 1;

    for (size_t i = 0; i < month.len; i++)
        is_good &= i == 4 ? ov_span_byte(month, i) == '-'
                          : ov_is_digit((uint8_t)ov_span_byte(month, i));
    ov_fields_require(f, is_good, OV_MALFORMED);
    if (f->status == OV_OK)
        memcpy(n->month, month.ptr, month.len);
}

static void read_consent(struct ov_fields *f, struct ov_sample_note *n)
{
    struct ov_span word = ov_field_word(f, "consent");

    for (size_t i = 0; i < N_CONSENT; i++) {
        if (ov_span_equal(word, ov_span_str(consent_names[i]))) {
            n->consent = (enum ov_consent)i;
            return;
        }
    }
    ov_fields_require(f, false, OV_MALFORMED);
}

enum ov_status ov_sample_note_parse(struct ov_span text,
                                    struct ov_sample_note *ret,
                                    struct ov_diag *diag)
{
    struct ov_fields f = ov_fields_over(text);
    struct ov_sample_note n = {.month = ""};

    ov_field_line(&f, FIRST_LINE);
    ov_field_hex(&f, "sha256", n.digest, sizeof(n.digest));
    n.size = ov_field_number(&f, "size", UINT64_MAX);
    n.type = ov_field_word(&f, "type");
    n.rule = ov_field_text(&f, "rule");
    ov_fields_require(&f, n.rule.len <= OV_SAMPLE_RULE_MAX, OV_LIMIT_SIZE);
    n.build = ov_field_text(&f, "build");
    n.epoch = ov_field_number(&f, "epoch", UINT64_MAX);
    read_month(&f, &n);
    read_consent(&f, &n);
    OV_TRY(ov_fields_end(&f, diag));
    *ret = n;
    return OV_OK;
}
