/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "engine/scan_state.h"

/* What is tried on encrypted content: the words that the caller gave, those of
 * .pwdb lists, and on what came in a mail the words that senders of malware
 * use, and the words of the mail itself, since "the password is 1234" is in it.
 *
 * A mail's words are those of its text parts, as far as they begin within
 * MAIL_LOOK bytes; each as it stands, and without punctuation around it. Words
 * soon behind one like "password" come first. */

#define MAIL_LOOK ((size_t)128 << 10)
#define MAIL_PARTS 8
#define TEXT_LOOK ((size_t)16 << 10)
#define WORDS_MAX 128u
#define WORD_MIN 3
#define WORD_MAX 40
#define NEAR 5 /* words behind "password" */
#define LOOK_STEPS ((uint64_t)1 << 22)
#define LIST_MAX 4096u

static const char *const common[] = {
    "infected", "virus",     "malware", "password", "Password", "123",
    "1234",     "12345",     "123456",  "1111",     "0000",     "4321",
    "abc123",   "Password1", "pass",    "invoice",  "document", "secret",
};

static const char *const hints[] = {
    "pass", "pwd", "code", "pin", "kennwort", "contras", "senha", "parol",
};

struct list {
    struct ov_span *items;
    size_t n;
    size_t max;
    size_t n_given; /* words of a mail are behind these */
};

static void put(struct list *l, struct ov_span word)
{
    if (l->n < l->max)
        l->items[l->n++] = word;
}

/* A word of a mail, once. */
static void add(struct list *l, struct ov_span word)
{
    for (size_t i = l->n_given; i < l->n; i++)
        if (ov_span_equal(l->items[i], word))
            return;
    put(l, word);
}

/* ---- words of a mail ---- */

static bool is_gap(int c)
{
    return c <= ' ' || c == '<' || c == '>';
}

/* The next word of text, cut off it; tags of HTML are gaps. */
static bool next_word(struct ov_span *text, struct ov_span *ret)
{
    size_t n = 0;

    for (;;) {
        int c = ov_span_byte(*text, 0);
        size_t end = 0;

        if (c == '<')
            end = ov_span_find_byte(*text, '>', 0);
        if (text->len == 0 || (!is_gap(c) && end == 0))
            break;
        *text = ov_span_clip(*text, end == SIZE_MAX ? 1 : end + 1, text->len);
    }
    while (n < text->len && !is_gap(ov_span_byte(*text, n)))
        n++;
    *ret = ov_span_clip(*text, 0, n);
    *text = ov_span_clip(*text, n, text->len);
    return n > 0;
}

static bool is_word_byte(int c)
{
    return c >= 0x80 || ov_is_alnum((uint8_t)c);
}

static struct ov_span bare(struct ov_span word)
{
    while (word.len > 0 && !is_word_byte(ov_span_byte(word, 0)))
        word = ov_span_clip(word, 1, word.len);
    while (word.len > 0 && !is_word_byte(ov_span_byte(word, word.len - 1)))
        word.len--;
    return word;
}

static bool is_hint(struct ov_span word)
{
    for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++)
        for (size_t at = 0; at < word.len; at++) {
            struct ov_span hint = ov_span_str(hints[i]);

            if (ov_span_equal_nocase(ov_span_clip(word, at, hint.len), hint))
                return true;
        }
    return false;
}

static void add_short(struct list *l, struct ov_span word)
{
    if (word.len >= WORD_MIN && word.len <= WORD_MAX)
        add(l, word);
}

/* As it stands, without what ends a sentence, without all punctuation. */
static void add_word(struct list *l, struct ov_span word)
{
    add_short(l, word);
    while (word.len > 0 &&
           strchr(".,;:)\"'", ov_span_byte(word, word.len - 1)) != NULL)
        word.len--;
    add_short(l, word);
    add_short(l, bare(word));
}

/* Of "password:1234", what is behind the sign. */
static void add_value(struct list *l, struct ov_span word)
{
    size_t at = ov_span_find_byte(word, ':', 0);

    if (at == SIZE_MAX)
        at = ov_span_find_byte(word, '=', 0);
    if (at != SIZE_MAX)
        add_word(l, ov_span_clip(word, at + 1, word.len));
}

/* Words that are soon behind one like "password". */
static void add_hinted(struct list *l, struct ov_span text)
{
    struct ov_span word;
    unsigned near = 0;

    while (next_word(&text, &word)) {
        if (near > 0)
            add_word(l, word);
        near -= near > 0;
        if (word.len > WORD_MAX || !is_hint(word))
            continue;
        add_value(l, word);
        near = NEAR;
    }
}

static void add_all(struct list *l, struct ov_span text)
{
    struct ov_span word;

    while (l->n < l->max && next_word(&text, &word))
        add_word(l, word);
}

/* The texts of a mail: its subject, and parts. */
struct texts {
    struct ov_span items[1 + MAIL_PARTS];
    size_t n;
};

static void take_parts(struct ov_scan *scan, struct ov_unpacker *u,
                       struct texts *t)
{
    struct ov_member m;

    while (t->n <= MAIL_PARTS) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(TEXT_LOOK);
        struct ov_span *kept = &t->items[t->n++];
        enum ov_type type;

        if (ov_unpacker_next(u, &m) != OV_OK || m.is_end)
            return;
        (void)!ov_unpacker_read(u, &text); /* what came is enough */
        type = ov_type_identify(ov_buf_span(&text));
        if (ov_type_kind(type) != OV_KIND_TEXT ||
            !ov_arena_copy(scan->scanner->names, ov_buf_span(&text), kept))
            *kept = ov_span_of(NULL, 0);
    }
}

static struct ov_span subject_of(struct ov_span head)
{
    struct ov_span mark = OV_SPAN_LIT("\nSubject:");
    size_t at = ov_span_find(head, mark, 0);

    if (at == SIZE_MAX)
        return ov_span_of(NULL, 0);
    head = ov_span_clip(head, at + mark.len, TEXT_LOOK);
    return ov_span_clip(head, 0, ov_span_find_byte(head, '\n', 0));
}

/* Work is counted by the scan; members that it asks for here are not. */
static void add_mail(struct ov_scan *scan, const struct ov_object *mail,
                     struct list *l)
{
    OV_AUTO(unpacker) u = NULL;
    struct ov_span head = ov_span_clip(mail->bytes, 0, MAIL_LOOK);
    struct ov_budget budget = {.limit = {[OV_COST_STEPS] = LOOK_STEPS}};
    struct ov_unpack_job job = {
        .type = mail->type, .bytes = head, .budget = &budget};
    struct texts t = {.items = {subject_of(head)}, .n = 1};

    if (ov_budget_spend(&scan->budget, OV_COST_STEPS, 4 * head.len) == OV_OK &&
        ov_unpacker_open(&job, &u) == OV_OK)
        take_parts(scan, u, &t);
    for (size_t i = 0; i < t.n; i++)
        add_hinted(l, t.items[i]);
    for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
        add(l, ov_span_str(common[i]));
    for (size_t i = 0; i < t.n; i++)
        add_all(l, t.items[i]);
}

/* ---- the list ---- */

static void add_lines(struct list *l, struct ov_span lines)
{
    struct ov_span line;
    bool has_more = lines.len > 0;

    while (has_more) {
        has_more = ov_span_cut(&lines, '\n', &line);
        if (ov_span_ends(line, OV_SPAN_LIT("\r")))
            line.len--;
        if (line.len > 0)
            put(l, line);
        has_more &= lines.len > 0;
    }
}

static const struct ov_object *mail_around(const struct ov_object *o)
{
    for (o = o->parent; o != NULL; o = o->parent)
        if (o->type == OV_TYPE_MAIL || o->type == OV_TYPE_MHTML)
            return o;
    return NULL;
}

void ov_scan_passwords(struct ov_scan *scan, const struct ov_object *o,
                       struct ov_unpack_job *job)
{
    const struct ov_scanner *s = scan->scanner;
    const struct ov_object *mail = mail_around(o);
    struct ov_span given = scan->options->passwords;
    struct list l = {.max = s->n_passwords};

    job->passwords = s->passwords;
    job->n_passwords = s->n_passwords;
    if (mail == NULL && given.len == 0)
        return;
    l.max += LIST_MAX;
    l.items = ov_arena_array(scan->scanner->names, l.max, sizeof(*l.items));
    if (l.items == NULL)
        return;
    add_lines(&l, given);
    for (size_t i = 0; i < s->n_passwords; i++)
        put(&l, s->passwords[i]);
    l.n_given = l.n;
    if (mail != NULL) {
        l.max = l.n + WORDS_MAX < l.max ? l.n + WORDS_MAX : l.max;
        add_mail(scan, mail, &l);
    }
    job->passwords = l.items;
    job->n_passwords = l.n;
}
