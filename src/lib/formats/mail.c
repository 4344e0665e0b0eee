/* SPDX-License-Identifier: Apache-2.0
 *
 * Mails and mailboxes: each part is a member, decoded.
 *
 * One walk over the lines. Open multiparts are a stack of boundaries; a line
 * "--boundary" ends the part before it, whatever multipart it belongs to, and
 * those inside that one are over. A part that is a mail itself
 * (message/rfc822) is a member of that type. Uuencoded bytes in the text of
 * a part are a member of their own. A line "From " behind an empty one begins
 * the next mail of a mailbox. If a multipart's boundary never comes, its body
 * is a part, decoded as its header says.
 *
 * No library: GMime and its like want GLib, locales and files for character
 * sets, which a worker does not have, and they read mails as they should be,
 * not as they are.
 *
 * Limits: BOUNDARIES_MAX open multiparts; deeper ones are text of the
 * outermost. yEnc is not decoded.
 * Formats: RFC 2046 section 5.1, RFC 5322, mbox as in RFC 4155. */
#include "base/reader.h"
#include "formats/codec.h"
#include "formats/mail_header.h"
#include "formats/unpacker.h"

#define BOUNDARIES_MAX 32
#define NAME_MAX_LEN ((size_t)4 << 10)

struct mail {
    struct ov_span all;
    struct ov_span rest; /* not walked yet */
    struct ov_budget *budget;
    struct ov_mail_header header; /* of the part we are in */
    struct ov_mail_header open[BOUNDARIES_MAX];
    size_t n_open;
    struct ov_span body; /* of the part we are in; begins at its first byte */
    bool is_in_part;
    bool is_multipart;  /* the part is one whose boundary has not come */
    bool is_line_empty; /* the last one was */
    bool is_in_uu;
    struct ov_span uu; /* begins at its "begin" */
    struct ov_span uu_name;
    /* what next has found */
    struct ov_span found;
    enum ov_textcodec encoding;
    struct ov_buf name; /* its name, since headers go before it is used */
};

static void free_mail(void *state)
{
    struct mail *m = state;

    for (size_t i = 0; i < m->n_open; i++)
        ov_mail_header_done(&m->open[i]);
    ov_mail_header_done(&m->header);
    ov_buf_done(&m->name);
    ov_free(m);
}

static enum ov_status open_mail(const struct ov_unpack_job *job,
                                void **ret_state)
{
    struct mail *m = ov_alloc(sizeof(*m));

    if (m == NULL)
        return OV_NO_MEMORY;
    m->all = job->bytes;
    m->rest = job->bytes;
    m->budget = job->budget;
    m->name = ov_buf_with_max(NAME_MAX_LEN);
    *ret_state = m;
    return OV_OK;
}

/* Where a span begins in the mail. */
static size_t place_of(const struct mail *m, struct ov_span s)
{
    return s.ptr == NULL ? m->all.len : (size_t)(s.ptr - m->all.ptr);
}

/* What lies between the beginning of from and that of to. */
static struct ov_span between(const struct mail *m, struct ov_span from,
                              struct ov_span to)
{
    size_t begin = place_of(m, from);
    size_t end = place_of(m, to);

    return ov_span_clip(m->all, begin, end > begin ? end - begin : 0);
}

/* Reads the header that begins here, and enters the part behind it. */
static enum ov_status enter_part(struct mail *m)
{
    ov_mail_header_done(&m->header);
    m->header = (struct ov_mail_header){0};
    OV_TRY(ov_mail_header_read(&m->rest, &m->header));
    m->body = m->rest;
    m->is_in_part = true;
    m->is_in_uu = false;
    m->is_line_empty = false;
    m->is_multipart = m->header.boundary.len > 0 && m->n_open < BOUNDARIES_MAX;
    if (m->is_multipart) {
        m->open[m->n_open++] = m->header;
        m->header.text = ov_buf_with_max(0);
    }
    return OV_OK;
}

static bool is_message(const struct ov_mail_header *h)
{
    struct ov_span word = OV_SPAN_LIT("message/rfc822");

    return ov_span_equal_nocase(ov_span_clip(h->type, 0, word.len), word);
}

/* Ends the part at to; false if there is nothing in it. */
static bool end_part(struct mail *m, struct ov_span to, struct ov_member *ret)
{
    if (!m->is_in_part)
        return false;
    m->is_in_part = false;
    m->found = between(m, m->body, to);
    m->encoding = m->header.encoding;
    ov_buf_clear(&m->name);
    ov_put_span(&m->name, m->header.name);
    ret->name = ov_buf_span(&m->name);
    ret->packed_size = m->found.len;
    if (m->found.len == m->all.len)
        ret->type = OV_TYPE_ASCII; /* without a header it is no mail */
    else if (m->header.is_binhex)
        ret->type = OV_TYPE_BINHEX;
    else if (is_message(&m->header))
        ret->type = OV_TYPE_MAIL;
    return m->found.len > 0;
}

/* Whether the line is this boundary: exactly, or at least beginning so. */
static bool is_boundary(struct ov_span line, struct ov_span boundary,
                        bool is_exact, bool *ret_is_last)
{
    if (!ov_span_starts(line, boundary))
        return false;
    line = ov_span_clip(line, boundary.len, line.len);
    *ret_is_last = ov_span_starts(line, OV_SPAN_LIT("--"));
    return !is_exact || line.len == 0 || *ret_is_last ||
           ov_span_byte(line, 0) == ' ' || ov_span_byte(line, 0) == '\t';
}

/* Which open multipart the line belongs to, from 1; 0 if none. */
static size_t find_boundary(const struct mail *m, struct ov_span line,
                            bool *ret_is_last)
{
    if (!ov_span_starts(line, OV_SPAN_LIT("--")))
        return 0;
    line = ov_span_clip(line, 2, line.len);
    for (int is_exact = 1; is_exact >= 0; is_exact--)
        for (size_t i = m->n_open; i > 0; i--)
            if (is_boundary(line, m->open[i - 1].boundary, is_exact,
                            ret_is_last))
                return i;
    return 0;
}

static void close_multiparts(struct mail *m, size_t n_left)
{
    while (m->n_open > n_left)
        ov_mail_header_done(&m->open[--m->n_open]);
}

/* A boundary, seen at line. true if a part has ended that is a member. */
static bool at_boundary(struct mail *m, size_t which, struct ov_span line,
                        struct ov_member *ret)
{
    bool is_preamble = m->is_multipart && which == m->n_open;
    bool is_found = end_part(m, line, ret) && !is_preamble;

    m->is_multipart = false;
    return is_found;
}

/* Uuencoded lines within text; true at their end. */
static bool at_uu(struct mail *m, struct ov_span line, struct ov_member *ret)
{
    if (!m->is_in_part || m->header.encoding == OV_TEXT_BASE64)
        return false;
    if (ov_is_uu_begin(line, &m->uu_name)) {
        m->is_in_uu = true;
        m->uu = line;
        return false;
    }
    if (!m->is_in_uu || !ov_span_equal(line, OV_SPAN_LIT("end")))
        return false;
    m->is_in_uu = false;
    m->found = between(m, m->uu, m->rest);
    m->encoding = OV_TEXT_UUENCODE;
    ret->name = m->uu_name;
    ret->packed_size = m->found.len;
    /* The part itself is nothing else then. */
    return m->header.encoding != OV_TEXT_UUENCODE;
}

/* One line; *ret_is_found if it has ended a member. */
static enum ov_status walk_line(struct mail *m, struct ov_span line,
                                struct ov_member *ret, bool *ret_is_found)
{
    bool is_mbox = m->is_line_empty || place_of(m, line) == 0;
    bool is_last = false;
    size_t which;

    m->is_line_empty = line.len == 0;
    if (is_mbox && ov_span_starts(line, OV_SPAN_LIT("From "))) {
        *ret_is_found = end_part(m, line, ret);
        close_multiparts(m, 0);
        return enter_part(m);
    }
    which = find_boundary(m, line, &is_last);
    if (which > 0) {
        *ret_is_found = at_boundary(m, which, line, ret);
        close_multiparts(m, is_last ? which - 1 : which);
        return is_last ? OV_OK : enter_part(m);
    }
    *ret_is_found = at_uu(m, line, ret);
    return OV_OK;
}

/* A name that is too long is cut; one that could not be kept is none. */
static enum ov_status name_status(const struct mail *m)
{
    return ov_buf_status(&m->name) == OV_NO_MEMORY ? OV_NO_MEMORY : OV_OK;
}

static enum ov_status next_mail(void *state, struct ov_member *ret)
{
    struct mail *m = state;
    bool is_found = false;
    struct ov_span line;

    if (place_of(m, m->rest) == 0 && m->all.len > 0 &&
        !ov_span_starts(m->all, OV_SPAN_LIT("From ")))
        OV_TRY(enter_part(m));
    for (;;) {
        size_t before = m->rest.len;

        if (!ov_next_line(&m->rest, &line))
            break;
        OV_TRY(walk_line(m, line, ret, &is_found));
        OV_TRY(ov_budget_spend(m->budget, OV_COST_STEPS,
                               1 + before - m->rest.len));
        if (is_found)
            return name_status(m);
    }
    ret->is_end = !end_part(m, m->rest, ret);
    return name_status(m);
}

static enum ov_status read_mail(void *state, struct ov_buf *into)
{
    const struct mail *m = state;

    return ov_decode_text(m->encoding, m->found, m->budget, into);
}

const struct ov_unpack_ops ov_unpack_mail = {
    .open = open_mail,
    .next = next_mail,
    .read = read_mail,
    .free = free_mail,
};
