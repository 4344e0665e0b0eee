/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_parser.h"

/* What a namespace is made of: its files, and what they include (YARA
 * documentation, "Including files"). Whoever gives the
 * sources has the files; here it is only said where one follows another. */

/* What an include counts beside its bytes: 4,096 of them are enough. */
#define INCLUDE_COST (OV_YARA_INCLUDED_MAX / 4096)

/* Whoever includes a file for the second time says everything in it twice,
 * which is an error if there is a rule. Files that each include the next one
 * twice would say it 65,536 times. */
#define SAME_MAX 256u

static enum ov_status count(struct ov_yara_parser *p,
                            const struct ov_yara_token *t, uint32_t source)
{
    while (p->inclusions.n <= source)
        if (ov_part_add(&p->inclusions) == NULL)
            return OV_NO_MEMORY;
    if (++p->inclusions.items[source] > SAME_MAX)
        return ov_yara_fault_set(&p->fault, OV_MALFORMED, t,
                                 "the file is included more than 256 times");
    return OV_OK;
}

enum ov_status ov_yara_include(struct ov_yara_parser *p)
{
    struct ov_yara_token t = p->token;
    const char *why = "files cannot be included here";
    struct ov_yara_file file;

    if (t.kind != OV_YARA_TEXT)
        return ov_yara_fail(p, OV_MALFORMED, "expected the file in quotes");
    if (p->n_files == OV_YARA_INCLUDES_MAX)
        return ov_yara_fail(p, OV_MALFORMED,
                            "files include each other more than 16 deep");
    if (p->options->include != NULL)
        why = p->options->include(p->options->data, p->source, t.value, &file);
    if (why != NULL)
        return ov_yara_fault_set(&p->fault, OV_MALFORMED, &t, "%s", why);
    OV_TRY(count(p, &t, file.source));
    /* Files that include one another twice are read ever more often. */
    p->n_included += file.text.len + INCLUDE_COST;
    if (p->n_included > OV_YARA_INCLUDED_MAX)
        return ov_yara_fault_set(&p->fault, OV_MALFORMED, &t,
                                 "the included files are too many or too long");
    p->files[p->n_files++] =
        (struct ov_yara_open_file){.lexer = p->lexer, .source = p->source};
    p->source = file.source;
    p->lexer.text = file.text;
    p->lexer.place = (struct ov_yara_place){0, 1, 1};
    return ov_yara_next(p);
}

bool ov_yara_leave_file(struct ov_yara_parser *p)
{
    struct ov_yara_file file;

    if (p->n_files > 0) {
        p->n_files--;
        p->lexer = p->files[p->n_files].lexer;
        p->source = p->files[p->n_files].source;
        return true;
    }
    if (p->options->next == NULL || !p->options->next(p->options->data, &file))
        return false;
    p->source = file.source;
    p->lexer.text = file.text;
    p->lexer.place = (struct ov_yara_place){0, 1, 1};
    return true;
}

/* Only tokens are looked at. Inside of hexadecimal strings some are none; then
 * it goes on with the next line. */
bool ov_yara_next_include(struct ov_span text, size_t *at,
                          struct ov_span *ret_path)
{
    struct ov_yara_fault fault = {0};
    struct ov_yara_lexer l = {
        .text = text, .place = {*at, 1, 1}, .fault = &fault};
    struct ov_yara_token t = {0};
    bool is_include = false;

    /* Mostly there is none, and the word is found faster than tokens are. */
    if (ov_span_find(text, OV_SPAN_LIT("include"), *at) == SIZE_MAX) {
        *at = text.len;
        return false;
    }
    for (;;) {
        size_t before = l.place.at;
        bool is_token = ov_yara_lex(&l, &t) == OV_OK;

        if (is_token && t.kind == OV_YARA_END)
            break;
        if (is_token && is_include && t.kind == OV_YARA_TEXT) {
            *ret_path = t.value;
            *at = l.place.at;
            return true;
        }
        is_include = is_token && t.kind == OV_YARA_INCLUDE;
        if (is_token)
            continue;
        fault = (struct ov_yara_fault){0};
        l.place.at = ov_span_find_byte(text, '\n', l.place.at);
        if (l.place.at == SIZE_MAX)
            break;
        if (l.place.at == before)
            l.place.at++;
    }
    *at = text.len;
    return false;
}
