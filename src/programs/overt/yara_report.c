/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "yara_front.h"

/* What yara prints, line by line: rules in their order, behind each its strings
 * if they are asked for. Texts come from rules and from files that may be
 * hostile; yara escapes what it prints of them, and so do we. Paths are printed
 * as they are but for control characters.
 *
 * What could not be looked at in full is an error line, as yara has it for
 * files that it cannot scan, and an exit code that says so. */
#define HEX_SHOWN 64
#define DEFAULT_NAMESPACE "default"

static struct yara *yara_of(struct report *r)
{
    return (struct yara *)(void *)r;
}

/* The file of this path that is being looked at; a new one if there is none.
 * NULL if memory is out. */
static struct yara_file *file_of(struct yara *y, const char *path)
{
    struct yara_file *f;

    for (f = y->files; f != NULL; f = f->next)
        if (strcmp((const char *)f->path.ptr, path) == 0)
            return f;
    f = y->unused;
    if (f != NULL) {
        y->unused = f->next;
    } else {
        f = ov_alloc(sizeof(*f));
        if (f == NULL)
            return NULL;
        *f = (struct yara_file){
            .path = ov_buf_with_max(SIZE_MAX),
            .text = ov_buf_with_max(SIZE_MAX),
            .last_string = ov_buf_with_max(SIZE_MAX),
        };
    }
    f->n_rules = 0;
    ov_buf_clear(&f->text);
    ov_buf_clear(&f->path);
    ov_put_str(&f->path, path);
    ov_put_u8(&f->path, 0);
    if (ov_buf_status(&f->path) != OV_OK) {
        f->next = y->unused;
        y->unused = f;
        return NULL;
    }
    f->next = y->files;
    y->files = f;
    return f;
}

/* What was to be printed of a file is lost. */
static void tell_memory(struct yara *y, const char *path)
{
    y->has_errors = true;
    out_error("yara: error scanning %s: out of memory", path);
}

static void release(struct yara *y, struct yara_file *f)
{
    struct yara_file **at = &y->files;

    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    f->next = y->unused;
    y->unused = f;
}

static bool is_one_of(const struct yara_words *words, struct ov_span word)
{
    for (size_t i = 0; i < words->n; i++)
        if (ov_span_equal(word, ov_span_str(words->items[i])))
            return true;
    return false;
}

static bool has_asked_tag(const struct yara *y,
                          const struct ov_wire_detection *d)
{
    for (size_t i = 0; i < d->n_notes; i++)
        if (d->notes[i].key.len == 0 && is_one_of(&y->tags, d->notes[i].value))
            return true;
    return false;
}

bool yara_is_full(const struct yara *y)
{
    return y->max_rules > 0 && y->n_rules >= y->max_rules;
}

static bool is_asked_for(const struct yara *y,
                         const struct ov_wire_detection *d)
{
    return (y->identifiers.n == 0 || is_one_of(&y->identifiers, d->rule)) &&
           (y->tags.n == 0 || has_asked_tag(y, d));
}

static void put_tags(struct ov_buf *b, const struct ov_wire_detection *d)
{
    const char *before = "[";

    for (size_t i = 0; i < d->n_notes; i++) {
        if (d->notes[i].key.len > 0)
            continue;
        ov_put_str(b, before);
        ov_put_span(b, d->notes[i].value);
        before = ",";
    }
    ov_put_str(b, before[0] == '[' ? "[] " : "] ");
}

/* As in C, octal numbers included. */
static void put_c_string(struct ov_buf *b, struct ov_span text)
{
    static const char letters[][2] = {
        {'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}, {'"', '"'}, {'\\', '\\'}};

    ov_put_u8(b, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        char letter = '\0';

        for (size_t k = 0; k < sizeof(letters) / sizeof(letters[0]); k++)
            if (letters[k][0] == (char)c)
                letter = letters[k][1];
        if (letter != '\0')
            ov_put_format(b, "\\%c", letter);
        else if (c >= 0x20 && c < 0x7f)
            ov_put_u8(b, c);
        else
            ov_put_format(b, "\\%03o", c);
    }
    ov_put_u8(b, '"');
}

static void put_meta(struct ov_buf *b, const struct ov_wire_detection *d)
{
    const char *before = "[";

    for (size_t i = 0; i < d->n_notes; i++) {
        const struct ov_rule_note *note = &d->notes[i];

        if (note->key.len == 0 || note->kind == OV_NOTE_SPACE)
            continue;
        ov_put_str(b, before);
        before = ",";
        ov_put_span(b, note->key);
        if (note->kind == OV_NOTE_TEXT) {
            ov_put_str(b, "=");
            put_c_string(b, note->value);
        } else {
            /* yara has a blank there before numbers */
            ov_put_str(b, note->kind == OV_NOTE_NUMBER ? " =" : "=");
            ov_put_span(b, note->value);
        }
    }
    ov_put_str(b, before[0] == '[' ? "[] " : "] ");
}

static void put_path(struct ov_buf *b, const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        if ((uint8_t)*at < 0x20 || *at == 0x7f)
            ov_put_format(b, "\\x%02x", (uint8_t)*at);
        else
            ov_put_u8(b, (uint8_t)*at);
    }
}

static void put_text_bytes(struct ov_buf *b, struct ov_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] >= 0x20 && bytes.ptr[i] < 0x7f)
            ov_put_u8(b, bytes.ptr[i]);
        else
            ov_put_format(b, "\\x%02X", bytes.ptr[i]);
    }
}

static void put_namespace(struct ov_buf *b, const struct ov_wire_detection *d)
{
    struct ov_span space = OV_SPAN_LIT(DEFAULT_NAMESPACE);

    for (size_t i = 0; i < d->n_notes; i++)
        if (d->notes[i].kind == OV_NOTE_SPACE)
            space = d->notes[i].value;
    put_text_bytes(b, space);
    ov_put_u8(b, ':');
}

static void on_detection(struct report *r, const char *path,
                         const struct ov_wire_detection *d)
{
    struct yara *y = yara_of(r);
    struct yara_file *f = file_of(y, path);

    if (f == NULL) {
        tell_memory(y, path);
        return;
    }
    ov_buf_clear(&f->last_string);
    f->is_shown =
        is_asked_for(y, d) && (y->max_rules == 0 || f->n_rules < y->max_rules);
    if (!f->is_shown)
        return;
    f->n_rules++;
    if (y->is_count)
        return;
    if (y->has_namespace)
        put_namespace(&f->text, d);
    ov_put_span(&f->text, d->rule);
    ov_put_u8(&f->text, ' ');
    if (y->has_tags)
        put_tags(&f->text, d);
    if (y->has_meta)
        put_meta(&f->text, d);
    put_path(&f->text, path);
    ov_put_u8(&f->text, '\n');
}

static void put_hex_bytes(struct ov_buf *b, struct ov_span bytes)
{
    struct ov_span shown = ov_span_clip(bytes, 0, HEX_SHOWN);

    for (size_t i = 0; i < shown.len; i++)
        ov_put_format(b, i == 0 ? "%02X" : " %02X", shown.ptr[i]);
    if (shown.len < bytes.len)
        ov_put_str(b, " ...");
}

static void on_match(struct report *r, const char *path,
                     const struct ov_string_match *m)
{
    struct yara *y = yara_of(r);
    struct yara_file *f = file_of(y, path);

    if (f == NULL)
        tell_memory(y, path);
    if (f == NULL || !f->is_shown || y->is_count)
        return;
    if (y->is_fast) {
        if (ov_span_equal(ov_buf_span(&f->last_string), m->name))
            return;
        ov_buf_clear(&f->last_string);
        ov_put_span(&f->last_string, m->name);
    }
    ov_put_format(&f->text, "0x%llx:", (unsigned long long)m->at);
    if (y->has_lengths)
        ov_put_format(&f->text, "%zu:", m->bytes.len);
    ov_put_span(&f->text, m->name);
    if (y->has_strings) {
        ov_put_str(&f->text, ": ");
        if (m->is_hex)
            put_hex_bytes(&f->text, m->bytes);
        else
            put_text_bytes(&f->text, m->bytes);
    }
    ov_put_u8(&f->text, '\n');
}

/* yara prints these while it scans: in front of the file's rules. What comes
 * out of the jail is made safe again. */
static void on_console(struct report *r, const char *path, struct ov_span lines)
{
    struct yara *y = yara_of(r);
    struct ov_span line;

    (void)path;
    while (lines.len > 0) {
        (void)ov_span_cut(&lines, '\n', &line);
        /* of -D; rules cannot print tabs */
        while (ov_span_byte(line, 0) == '\t') {
            ov_put_u8(&y->out->text, '\t');
            line = ov_span_clip(line, 1, line.len);
        }
        put_text_bytes(&y->out->text, line);
        ov_put_u8(&y->out->text, '\n');
    }
}

static void on_inconclusive(struct report *r, const char *path,
                            const struct ov_wire_inconclusive *i)
{
    struct yara *y = yara_of(r);

    y->has_errors = true;
    out_error("yara: error scanning %s: not looked at in full: %.*s %.*s", path,
              (int)i->reason.len, (const char *)i->reason.ptr,
              (int)i->detail.len, (const char *)i->detail.ptr);
}

static void on_file(struct report *r, const struct scan_file *file)
{
    struct yara *y = yara_of(r);
    struct yara_file *f = file_of(y, file->path);

    if (f == NULL || ov_buf_status(&f->text) != OV_OK) {
        tell_memory(y, file->path);
        return;
    }
    if (y->is_count) {
        if (y->is_folder) {
            put_path(&f->text, file->path);
            ov_put_str(&f->text, ": ");
        }
        ov_put_format(&f->text, "%llu\n", (unsigned long long)f->n_rules);
    }
    ov_put_span(&y->out->text, ov_buf_span(&f->text));
    release(y, f);
}

static void on_error(struct report *r, const char *path, const char *text)
{
    yara_of(r)->has_errors = true;
    out_error("yara: error scanning %s: %s", path, text);
}

static bool on_tick(struct report *r, const struct scan_totals *t)
{
    struct yara *y = yara_of(r);

    (void)t;
    return out_flush(y->out) && !yara_is_full(y);
}

static void on_summary(struct report *r, const struct scan_totals *t)
{
    (void)r;
    (void)t; /* yara has none */
}

void yara_report_init(struct yara *y)
{
    y->report = (struct report){
        .detection = on_detection,
        .match = on_match,
        .console = on_console,
        .inconclusive = on_inconclusive,
        .file = on_file,
        .error = on_error,
        .tick = on_tick,
        .summary = on_summary,
    };
}

void yara_report_end(struct yara *y)
{
    for (struct yara_file *f = y->files; f != NULL; f = f->next)
        ov_put_span(&y->out->text, ov_buf_span(&f->text));
}

static void free_list(struct yara_file *f)
{
    while (f != NULL) {
        struct yara_file *next = f->next;

        ov_buf_done(&f->path);
        ov_buf_done(&f->text);
        ov_buf_done(&f->last_string);
        ov_free(f);
        f = next;
    }
}

void yara_report_done(struct yara *y)
{
    free_list(OV_STEAL(y->files));
    free_list(OV_STEAL(y->unused));
}
