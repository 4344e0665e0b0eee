/* SPDX-License-Identifier: Apache-2.0
 *
 * xar, in which macOS installers come: a table of contents in XML, packed by
 * zlib, and behind it the heap where members lie, each packed by itself.
 *
 * The table is read as far as the next member each time it is asked for. Of
 * XML just that is understood which tables have: elements, texts, comments and
 * the five entities that every document has. All else by which a reader that
 * knows more XML could see other members than we do (CDATA, entities of its
 * own, another encoding, prefixes, a value that is said twice or in parts)
 * makes the archive OV_MALFORMED, and so the file inconclusive.
 *
 * What a name says of folders is the path of the elements that it is in. Sums
 * are not compared; a member that was changed is looked at as it is.
 *
 * Limits: a table of more than TABLE_MAX bytes, or files in each other more
 * than DEPTH_MAX deep, are OV_LIMIT_SIZE and OV_LIMIT_DEPTH.
 * Format: "xar file format" of the xar project's wiki; archives that bsdtar and
 * xar have made. */
#include "base/reader.h"
#include "base/text.h"
#include "formats/codec.h"
#include "formats/unpacker.h"

#define MAGIC 0x78617221u /* "xar!" */
#define HEADER_MIN 28
#define TABLE_MAX ((size_t)64 << 20)
#define DEPTH_MAX 64
#define PATH_MAX_LEN ((size_t)4096)
#define STEPS_PER_TAG 16

/* Elements that say something, by where they stand. */
enum element {
    OTHER,
    ROOT,  /* nothing is open */
    XAR,   /* the one element of a document */
    TABLE, /* its toc */
    FILE_ENTRY,
    DATA,
    NAME,
    KIND,
    ENCODING,
    LENGTH,
    OFFSET,
    SIZE,
};

/* What is known of the file whose element is open. */
struct entry {
    size_t folder_len; /* of the path of the folder that it is in */
    size_t path_len;
    uint64_t at;
    uint64_t packed;
    uint64_t real;
    enum ov_codec codec;
    bool is_foreign; /* packed in a way that we do not know */
    bool is_file;
    unsigned has; /* bit 1 << enum element: what was said of it */
};

struct xar {
    struct ov_span heap;
    struct ov_budget *budget;
    struct ov_buf table;
    struct ov_span rest;             /* of the table */
    enum element stack[DEPTH_MAX];   /* open elements */
    struct ov_span names[DEPTH_MAX]; /* of them */
    bool has_table;
    struct entry entries[DEPTH_MAX]; /* open files */
    size_t n_open;
    size_t n_entries;
    struct ov_buf path; /* of the innermost file */
    struct entry given; /* what next told */
};

/* ---- XML ---- */

struct tag {
    struct ov_span text; /* before it */
    struct ov_span name;
    struct ov_span attributes;
    bool is_end;
    bool is_alone; /* <a/> */
};

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where a tag ends, outside of its quotes; SIZE_MAX if it does not. */
static size_t end_of_tag(struct ov_span s)
{
    int quote = 0;

    for (size_t i = 0; i < s.len; i++) {
        int c = ov_span_byte(s, i);

        if (quote != 0)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return i;
    }
    return SIZE_MAX;
}

/* The next tag. *ret_has: there is one. */
static enum ov_status next_tag(struct ov_span *rest, struct tag *ret,
                               bool *ret_has)
{
    size_t n = 0;
    size_t end;

    *ret = (struct tag){0};
    *ret_has = ov_span_cut(rest, '<', &ret->text);
    if (!*ret_has)
        return OV_OK;
    end = end_of_tag(*rest);
    if (end == SIZE_MAX)
        return OV_TRUNCATED;
    ret->attributes = ov_span_clip(*rest, 0, end);
    *rest = ov_span_clip(*rest, end + 1, SIZE_MAX);
    ret->is_end = ov_span_byte(ret->attributes, 0) == '/';
    if (ret->is_end)
        ret->attributes = ov_span_clip(ret->attributes, 1, SIZE_MAX);
    if (ret->attributes.len > 0 &&
        ov_span_byte(ret->attributes, ret->attributes.len - 1) == '/') {
        ret->is_alone = true;
        ret->attributes =
            ov_span_clip(ret->attributes, 0, ret->attributes.len - 1);
    }
    while (n < ret->attributes.len &&
           !is_blank(ov_span_byte(ret->attributes, n)))
        n++;
    ret->name = ov_span_clip(ret->attributes, 0, n);
    ret->attributes = ov_span_clip(ret->attributes, n, SIZE_MAX);
    return ov_span_find(ret->name, OV_SPAN_LIT(":"), 0) == SIZE_MAX
               ? OV_OK
               : OV_MALFORMED;
}

/* What stands in front of the first element: white space, and the declaration
 * of XML in an encoding that has ASCII in it. */
static enum ov_status skip_declaration(struct ov_span *rest)
{
    static const char *const good[] = {"=\"UTF-8\"", "='UTF-8'", "=\"utf-8\"",
                                       "='utf-8'"};
    struct ov_span text;
    size_t at;

    if (ov_span_find(*rest, OV_SPAN_LIT("\0"), 0) != SIZE_MAX)
        return OV_MALFORMED;
    if (!ov_span_starts(*rest, OV_SPAN_LIT("<?xml ")))
        return OV_OK;
    at = ov_span_find(*rest, OV_SPAN_LIT("?>"), 0);
    if (at == SIZE_MAX)
        return OV_TRUNCATED;
    text = ov_span_clip(*rest, 0, at);
    *rest = ov_span_clip(*rest, at + 2, SIZE_MAX);
    at = ov_span_find(text, OV_SPAN_LIT("encoding"), 0);
    if (at == SIZE_MAX)
        return OV_OK;
    text = ov_span_clip(text, at + sizeof("encoding") - 1, SIZE_MAX);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (ov_span_starts(text, ov_span_str(good[i])))
            return OV_OK;
    return OV_MALFORMED;
}

/* Comments that stand at *rest, which is behind a '<'; *ret: there was one. */
static enum ov_status skip_comment(struct ov_span *rest, bool *ret)
{
    size_t at;

    *ret = ov_span_starts(*rest, OV_SPAN_LIT("!--"));
    if (!*ret)
        return OV_OK;
    at = ov_span_find(*rest, OV_SPAN_LIT("-->"), 3);
    if (at == SIZE_MAX)
        return OV_TRUNCATED;
    *rest = ov_span_clip(*rest, at + 3, SIZE_MAX);
    return OV_OK;
}

static struct ov_span trimmed(struct ov_span s)
{
    while (s.len > 0 && is_blank(ov_span_byte(s, 0)))
        s = ov_span_clip(s, 1, s.len);
    while (s.len > 0 && is_blank(ov_span_byte(s, s.len - 1)))
        s = ov_span_clip(s, 0, s.len - 1);
    return s;
}

/* A character by its entity, if text begins with one. */
static bool take_entity(struct ov_span *text, uint8_t *ret)
{
    static const struct {
        const char *name;
        char c;
    } table[] = {{"&lt;", '<'},
                 {"&gt;", '>'},
                 {"&amp;", '&'},
                 {"&quot;", '"'},
                 {"&apos;", '\''}};

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct ov_span name = ov_span_str(table[i].name);

        if (ov_span_starts(*text, name)) {
            *ret = (uint8_t)table[i].c;
            *text = ov_span_clip(*text, name.len, text->len);
            return true;
        }
    }
    return false;
}

static void put_text(struct ov_buf *b, struct ov_span text)
{
    while (text.len > 0) {
        uint8_t c;

        if (!take_entity(&text, &c)) {
            c = (uint8_t)ov_span_byte(text, 0);
            text = ov_span_clip(text, 1, text.len);
        }
        ov_put_u8(b, c);
    }
}

/* ---- the table ---- */

static enum element element_of(enum element in, struct ov_span name)
{
    static const struct {
        enum element in;
        const char *name;
        enum element is;
    } table[] = {
        {ROOT, "xar", XAR},          {XAR, "toc", TABLE},
        {TABLE, "file", FILE_ENTRY}, {FILE_ENTRY, "file", FILE_ENTRY},
        {FILE_ENTRY, "name", NAME},  {FILE_ENTRY, "type", KIND},
        {FILE_ENTRY, "data", DATA},  {DATA, "encoding", ENCODING},
        {DATA, "length", LENGTH},    {DATA, "offset", OFFSET},
        {DATA, "size", SIZE},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].in == in &&
            ov_span_equal(name, ov_span_str(table[i].name)))
            return table[i].is;
    return OTHER;
}

/* attributes: ' style="application/x-gzip"', and nothing else. False: it is
 * another one. */
static bool codec_of(struct ov_span attributes, enum ov_codec *ret)
{
    static const struct {
        const char *attribute;
        enum ov_codec codec;
    } table[] = {
        {"style=\"application/octet-stream\"", OV_CODEC_STORE},
        {"style=\"application/x-gzip\"", OV_CODEC_ZLIB},
        {"style=\"application/x-bzip2\"", OV_CODEC_BZIP2},
        {"style=\"application/x-lzma\"", OV_CODEC_LZMA},
        {"style=\"application/x-xz\"", OV_CODEC_XZ},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (ov_span_equal(trimmed(attributes),
                          ov_span_str(table[i].attribute))) {
            *ret = table[i].codec;
            return true;
        }
    }
    return false;
}

/* Elements that hold a text, and nothing else. */
static bool is_text(enum element e)
{
    return e == NAME || e == KIND || e == LENGTH || e == OFFSET || e == SIZE;
}

static enum element innermost(const struct xar *x)
{
    return x->n_open > 0 ? x->stack[x->n_open - 1] : ROOT;
}

static void open_entry(struct xar *x)
{
    size_t folder =
        x->n_entries > 0 ? x->entries[x->n_entries - 1].path_len : 0;

    x->path.len = folder;
    x->entries[x->n_entries++] = (struct entry){
        .folder_len = folder, .path_len = folder, .real = OV_SIZE_UNKNOWN};
}

/* Whether an element stands where another reader might take it for one of the
 * table's, though we do not. */
static bool is_misplaced(enum element in, struct ov_span name)
{
    static const char *const parts[] = {"xar", "toc", "file", "data"};

    if (in == ROOT)
        return true;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (ov_span_equal(name, ov_span_str(parts[i])))
            return true;
    return false;
}

/* What is said of a file is said once. */
static enum ov_status note_element(struct xar *x, enum element is)
{
    struct entry *e = &x->entries[x->n_entries - 1];

    if (e->has & 1U << is)
        return OV_MALFORMED;
    e->has |= 1U << is;
    return OV_OK;
}

static enum ov_status open_element(struct xar *x, const struct tag *t)
{
    enum element in = innermost(x);
    enum element is = element_of(in, t->name);

    if (is_text(in) || (is == OTHER && is_misplaced(in, t->name)))
        return OV_MALFORMED;
    if (x->n_open == DEPTH_MAX)
        return OV_LIMIT_DEPTH;
    x->has_table |= is == TABLE;
    x->names[x->n_open] = t->name;
    x->stack[x->n_open++] = is;
    if (is == FILE_ENTRY)
        open_entry(x);
    else if (is > FILE_ENTRY)
        OV_TRY(note_element(x, is));
    if (is == ENCODING)
        x->entries[x->n_entries - 1].is_foreign =
            !codec_of(t->attributes, &x->entries[x->n_entries - 1].codec);
    if (is == DATA)
        x->entries[x->n_entries - 1].is_file = true;
    return OV_OK;
}

/* The folder's path and the name behind it, or as much of them as is kept. */
static enum ov_status set_name(struct xar *x, struct entry *e,
                               struct ov_span name)
{
    x->path.len = e->folder_len;
    if (e->folder_len > 0 && x->path.len < PATH_MAX_LEN)
        ov_put_u8(&x->path, '/');
    put_text(&x->path, ov_span_clip(name, 0, PATH_MAX_LEN - x->path.len));
    e->path_len = x->path.len;
    return ov_buf_status(&x->path);
}

static enum ov_status set_number(uint64_t *number, struct ov_span text)
{
    return ov_parse_uint(trimmed(text), UINT64_MAX, number) ? OV_OK
                                                            : OV_MALFORMED;
}

/* *ret: the element was a file, which x->given then is. */
static enum ov_status close_element(struct xar *x, struct ov_span name,
                                    struct ov_span text, bool *ret)
{
    struct entry *e = &x->entries[x->n_entries > 0 ? x->n_entries - 1 : 0];

    *ret = false;
    if (x->n_open == 0 || !ov_span_equal(x->names[x->n_open - 1], name))
        return OV_MALFORMED;
    switch (x->stack[--x->n_open]) {
    case NAME:
        return set_name(x, e, trimmed(text));
    case KIND:
        e->is_file =
            e->is_file || ov_span_equal(trimmed(text), OV_SPAN_LIT("file"));
        return OV_OK;
    case LENGTH:
        return set_number(&e->packed, text);
    case OFFSET:
        return set_number(&e->at, text);
    case SIZE:
        return set_number(&e->real, text);
    case FILE_ENTRY:
        x->given = *e;
        x->path.len = e->path_len;
        x->n_entries--;
        *ret = e->is_file;
        return OV_OK;
    case OTHER:
    case ROOT:
    case XAR:
    case TABLE:
    case DATA:
    case ENCODING:
    default:
        return OV_OK;
    }
}

/* ---- the unpacker ---- */

static enum ov_status read_table(struct xar *x, struct ov_span bytes)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_budget own = ov_budget_default();
    struct ov_decode_job job = {.codec = OV_CODEC_ZLIB, .budget = &own};
    bool is_xar = ov_read_u32be(&r) == MAGIC;
    uint16_t header_len = ov_read_u16be(&r);
    uint64_t len;

    ov_reader_skip(&r, 2);
    len = ov_read_u64be(&r);
    job.size_hint = ov_read_u64be(&r);
    ov_reader_require(&r, is_xar && header_len >= HEADER_MIN, OV_MALFORMED);
    ov_reader_seek(&r, header_len);
    job.in = ov_read_span(&r, len);
    x->heap = ov_reader_rest(&r);
    OV_TRY(ov_reader_status(&r));
    /* The table is no member: only its cost counts. */
    own.limit[OV_COST_BYTES] = TABLE_MAX;
    own.limit[OV_COST_STEPS] = UINT64_MAX;
    OV_TRY(ov_budget_spend(x->budget, OV_COST_STEPS, job.in.len));
    OV_TRY(ov_decode(&job, &x->table, NULL));
    x->rest = ov_buf_span(&x->table);
    OV_TRY(skip_declaration(&x->rest));
    return ov_budget_spend(x->budget, OV_COST_STEPS, x->rest.len);
}

static void free_xar(void *state)
{
    struct xar *x = state;

    ov_buf_done(&x->table);
    ov_buf_done(&x->path);
    ov_free(x);
}

static enum ov_status open_xar(const struct ov_unpack_job *job,
                               void **ret_state)
{
    struct xar *x = ov_alloc(sizeof(*x));
    enum ov_status status;

    if (x == NULL)
        return OV_NO_MEMORY;
    x->budget = job->budget;
    x->table = ov_buf_with_max(TABLE_MAX);
    x->path = ov_buf_with_max(PATH_MAX_LEN);
    status = read_table(x, job->bytes);
    if (status != OV_OK)
        free_xar(x);
    else
        *ret_state = x;
    return status;
}

/* One tag; *ret as of close_element. */
static enum ov_status take_tag(struct xar *x, const struct tag *t, bool *ret)
{
    int first = ov_span_byte(t->name, 0);

    if (first == '!' || first == '?')
        return OV_MALFORMED;
    if (!t->is_end)
        OV_TRY(open_element(x, t));
    if (!t->is_end && !t->is_alone)
        return OV_OK;
    return close_element(x, t->name, t->is_end ? t->text : (struct ov_span){0},
                         ret);
}

/* Goes on to the end of the next file. */
static enum ov_status find_file(struct xar *x, bool *ret)
{
    bool has_tag = true;

    *ret = false;
    while (!*ret && has_tag) {
        bool is_comment = false;
        struct ov_span after = x->rest;
        struct ov_span text;
        struct tag t;

        OV_TRY(ov_budget_spend(x->budget, OV_COST_STEPS, STEPS_PER_TAG));
        if (ov_span_cut(&after, '<', &text))
            OV_TRY(skip_comment(&after, &is_comment));
        if (is_comment && is_text(innermost(x)))
            return OV_MALFORMED;
        if (is_comment) {
            x->rest = after;
            continue;
        }
        OV_TRY(next_tag(&x->rest, &t, &has_tag));
        if (has_tag)
            OV_TRY(take_tag(x, &t, ret));
    }
    if (!*ret && x->n_open > 0)
        return OV_TRUNCATED;
    return *ret || x->has_table ? OV_OK : OV_MALFORMED;
}

static enum ov_status next_xar(void *state, struct ov_member *ret)
{
    struct xar *x = state;
    bool has_file;

    OV_TRY(find_file(x, &has_file));
    ret->is_end = !has_file;
    if (!has_file)
        return OV_OK;
    ret->name = ov_buf_span(&x->path);
    ret->packed_size = x->given.packed;
    ret->real_size = x->given.real;
    return OV_OK;
}

static bool find_bytes(const struct xar *x, struct ov_span *ret)
{
    return ov_span_sub(x->heap, x->given.at, x->given.packed, ret);
}

static bool lend_xar(void *state, struct ov_span *ret)
{
    const struct xar *x = state;

    return x->given.codec == OV_CODEC_STORE && !x->given.is_foreign &&
           find_bytes(x, ret);
}

static enum ov_status read_xar(void *state, struct ov_buf *into)
{
    const struct xar *x = state;
    struct ov_decode_job job = {.codec = x->given.codec,
                                .size_hint = x->given.real,
                                .budget = x->budget};

    if (x->given.is_foreign)
        return OV_UNSUPPORTED;
    if (!find_bytes(x, &job.in)) {
        job.in = ov_span_clip(x->heap, x->given.at, x->given.packed);
        OV_TRY(ov_decode(&job, into, NULL));
        return OV_TRUNCATED;
    }
    return ov_decode(&job, into, NULL);
}

const struct ov_unpack_ops ov_unpack_xar = {
    .open = open_xar,
    .next = next_xar,
    .read = read_xar,
    .lend = lend_xar,
    .free = free_xar,
};
