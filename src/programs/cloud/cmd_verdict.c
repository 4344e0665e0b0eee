/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloud.h"
#include "family_names.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "triage_apply.h"
#include "trust/entry.h"
#include "verdict_documents.h"
#include "verdict_history.h"
#include "verdict_journal.h"

/*
 * overt-cloud verdict add|import|list: the journal's front for people and
 * scripts. Import reads lines "HASH [REPUTATION [FAMILY]]" as they come, in
 * batches, so that a hundred million cost no memory. A file is read twice:
 * first to see that all of it is right, and to give new families numbers in the
 * order of their names, so that the order of lines makes no difference. What
 * comes by a pipe is taken as it comes.
 */

#define LINE_MAX_BYTES 300
#define READ_SIZE ((size_t)1 << 20)

struct import {
    const struct cloud *c;
    struct verdict_journal *journal;
    struct family_names families;
    struct ov_span source;
    struct ov_span why;
    uint8_t usual; /* reputation of lines without one */
    bool is_look;  /* the first reading: nothing is written */
    struct journal_verdict *verdicts;
    size_t n;
    uint64_t n_all;
    uint64_t line;
};

static bool parse_reputation(struct ov_span word, uint8_t *ret)
{
    enum ov_reputation r;

    if (ov_span_equal(word, OV_SPAN_LIT("withdrawn"))) {
        *ret = JOURNAL_WITHDRAWN;
        return true;
    }
    if (!ov_reputation_parse(word, &r))
        return false;
    *ret = (uint8_t)r;
    return true;
}

/* "HASH [REPUTATION [FAMILY]]" */
static const char *parse_line(struct import *im, struct ov_span line,
                              struct journal_verdict *v)
{
    struct ov_span word;

    (void)ov_span_cut(&line, ' ', &word);
    if (!ov_hex_decode(word, v->hash, 32))
        return "not a SHA-256 of 64 digits";
    v->reputation = im->usual;
    v->family = 0;
    if (line.len == 0)
        return NULL;
    (void)ov_span_cut(&line, ' ', &word);
    if (!parse_reputation(word, &v->reputation))
        return "no such reputation: good, malicious, unwanted, suspicious, "
               "recalled, test, withdrawn";
    if (line.len == 0)
        return NULL;
    if (v->reputation == JOURNAL_WITHDRAWN)
        return "what is withdrawn has no family";
    return family_names_number(&im->families, line, &v->family)
               ? NULL
               : "wrong name of a family";
}

static bool flush(struct import *im)
{
    enum ov_status s;

    if (im->n == 0 || im->is_look) {
        im->n = 0;
        return true;
    }
    if (!family_names_save(im->c, &im->families))
        return false;
    s = journal_add(im->journal, im->c->now, im->source, im->why, im->verdicts,
                    im->n);
    if (s != OV_OK) {
        (void)cloud_say("journal: %s", ov_status_name(s));
        return false;
    }
    im->n_all += im->n;
    im->n = 0;
    return true;
}

static bool take_line(struct import *im, struct ov_span line)
{
    const char *wrong;

    im->line++;
    if (line.len == 0 || ov_span_byte(line, 0) == '#')
        return true;
    wrong = parse_line(im, line, &im->verdicts[im->n]);
    if (wrong != NULL) {
        (void)cloud_say("line %llu: %s", (unsigned long long)im->line, wrong);
        return false;
    }
    if (++im->n < JOURNAL_BATCH_MAX)
        return true;
    return flush(im);
}

/* All lines of what is left and what is new; the rest of a line stays. */
static bool take_lines(struct import *im, struct ov_buf *b, bool is_last)
{
    struct ov_span left = ov_buf_span(b);
    struct ov_span line;

    while (ov_span_find_byte(left, '\n', 0) != SIZE_MAX) {
        (void)ov_span_cut(&left, '\n', &line);
        if (!take_line(im, line))
            return false;
    }
    if (left.len > LINE_MAX_BYTES) {
        (void)cloud_say("line %llu is too long",
                        (unsigned long long)im->line + 1);
        return false;
    }
    if (is_last)
        return left.len == 0 || take_line(im, left);
    if (left.len > 0)
        memmove(b->ptr, left.ptr, left.len);
    b->len = left.len;
    return true;
}

static bool take_file(struct import *im, int fd, const char *path)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(READ_SIZE + LINE_MAX_BYTES);

    for (;;) {
        uint8_t *room = ov_buf_room(&b, READ_SIZE);
        ssize_t got = room == NULL ? -1 : read(fd, room, READ_SIZE);

        if (got < 0 && room != NULL && errno == EINTR)
            continue;
        if (got < 0) {
            (void)cloud_say("%s: %s", path, strerror(errno));
            return false;
        }
        ov_buf_added(&b, (size_t)got);
        if (!take_lines(im, &b, got == 0))
            return false;
        if (got == 0)
            return flush(im);
    }
}

/* ---- the first reading ---- */

static int compare_names(const void *a, const void *b)
{
    return ov_span_compare(*(const struct ov_span *)a,
                           *(const struct ov_span *)b);
}

/* Numbers for names that the first reading has met, in their order. */
static bool number_families(struct import *im, const struct family_names *met)
{
    OV_AUTO_PTR struct ov_span *names =
        ov_alloc_array((size_t)met->n + 1, sizeof(*names));
    uint32_t number;

    if (names == NULL) {
        (void)cloud_say("out of memory");
        return false;
    }
    for (uint32_t i = 0; i < met->n; i++)
        names[i] = family_names_of(met, i + 1);
    qsort(names, met->n, sizeof(*names), compare_names);
    for (uint32_t i = 0; i < met->n; i++) {
        if (!family_names_number(&im->families, names[i], &number))
            return false;
    }
    return true;
}

static bool look_at_file(struct import *im, int fd, const char *path)
{
    struct family_names known = im->families;
    struct family_names met;
    bool ok;

    family_names_new(&im->families);
    im->is_look = true;
    ok = take_file(im, fd, path);
    im->is_look = false;
    met = im->families;
    im->families = known;
    ok = ok && number_families(im, &met) && lseek(fd, 0, SEEK_SET) == 0;
    family_names_done(&met);
    im->line = 0;
    return ok;
}

/* ---- for all of them ---- */

static bool open_journal(struct cloud *c, bool is_writer,
                         struct verdict_journal **ret)
{
    struct ov_diag diag = {0};
    char path[CLOUD_PATH_MAX];

    if (!cloud_path(c, path, "journal"))
        return false;
    if (journal_open(path, is_writer, ret, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

static bool begin(struct cloud *c, struct import *im)
{
    const char *as = cloud_option(c, "as");
    const char *why = cloud_option(c, "why");
    const char *usual = cloud_option(c, "reputation");

    im->c = c;
    im->source = ov_span_str(as != NULL ? as : "operator");
    im->why = ov_span_str(why != NULL ? why : "");
    im->usual = OV_REPUTATION_MALICIOUS;
    if (usual != NULL && !parse_reputation(ov_span_str(usual), &im->usual)) {
        (void)cloud_say("--reputation %s: there is none such", usual);
        return false;
    }
    if (ov_span_starts(im->source, OV_SPAN_LIT(TRIAGE_SOURCE))) {
        (void)cloud_say("--as %s: that is what triage says", as);
        return false;
    }
    if (im->source.len > JOURNAL_TEXT_MAX || im->why.len > JOURNAL_TEXT_MAX) {
        (void)cloud_say("--as or --why is too long");
        return false;
    }
    im->verdicts = ov_alloc_array(JOURNAL_BATCH_MAX, sizeof(*im->verdicts));
    if (im->verdicts == NULL) {
        (void)cloud_say("out of memory");
        return false;
    }
    return cloud_lock(c) && family_names_open(c, &im->families) &&
           open_journal(c, true, &im->journal);
}

static int end(struct import *im, bool ok)
{
    if (ok && journal_sync(im->journal) != OV_OK) {
        (void)cloud_say("journal: %s", strerror(errno));
        ok = false;
    }
    if (ok)
        (void)printf("%llu verdicts\n", (unsigned long long)im->n_all);
    journal_close(im->journal);
    family_names_done(&im->families);
    ov_free(im->verdicts);
    return ok ? CLOUD_OK : CLOUD_FAILED;
}

static int add_one(struct cloud *c)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(2 * LINE_MAX_BYTES);
    struct import im = {0};

    if (c->n_words < 4 || c->n_words > 5) {
        (void)cloud_say("verdict add DIR HASH REPUTATION [FAMILY]");
        return CLOUD_USAGE;
    }
    for (size_t i = 2; i < c->n_words; i++)
        ov_put_format(&line, "%s%s", i > 2 ? " " : "", c->words[i]);
    if (ov_buf_status(&line) != OV_OK)
        return cloud_say("too long");
    return end(&im, begin(c, &im) && take_line(&im, ov_buf_span(&line)) &&
                        flush(&im));
}

/* Documents of STIX and MISP, as the lines that they come to. */
static bool take_documents(struct import *im, const char *path,
                           struct ov_buf *why)
{
    OV_AUTO_DONE(buf) lines = {0};

    ov_put_span(why, im->why);
    if (!verdict_documents_read(im->c, path, &lines, why))
        return false;
    im->why = ov_buf_span(why);
    return take_lines(im, &lines, true) && flush(im);
}

static int import_file(struct cloud *c)
{
    const char *path = c->n_words == 3 ? c->words[2] : NULL;
    bool is_stdin = path != NULL && strcmp(path, "-") == 0;
    struct import im = {0};
    struct stat st;
    bool is_file;

    if (path == NULL) {
        (void)cloud_say("verdict import DIR FILE; - is what comes in");
        return CLOUD_USAGE;
    }
    if (!is_stdin && verdict_documents_are(path)) {
        OV_AUTO_DONE(buf) why = ov_buf_with_max(JOURNAL_TEXT_MAX);

        return end(&im, begin(c, &im) && take_documents(&im, path, &why));
    }
    OV_AUTO_FD fd =
        is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cloud_say("%s: %s", path, strerror(errno));
    is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    return end(&im, begin(c, &im) &&
                        (!is_file || look_at_file(&im, fd, path)) &&
                        take_file(&im, fd, path));
}

/* ---- list ---- */

static void print_verdict(const struct journal_batch *b,
                          const struct journal_verdict *v,
                          const struct family_names *families)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(1 << 14);
    struct ov_span family = family_names_of(families, v->family);

    ov_put_hex(&line, ov_span_of(v->hash, 32));
    ov_put_format(&line, " %s ",
                  v->reputation == JOURNAL_WITHDRAWN
                      ? "withdrawn"
                      : ov_reputation_name((enum ov_reputation)v->reputation));
    ov_put_escaped(&line, family.len > 0 ? family : OV_SPAN_LIT("-"));
    ov_put_u8(&line, ' ');
    ov_put_time(&line, b->time);
    ov_put_u8(&line, ' ');
    ov_put_escaped(&line, b->source);
    if (b->why.len > 0)
        ov_put_str(&line, ": ");
    ov_put_escaped(&line, b->why);
    ov_put_u8(&line, '\n');
    if (ov_buf_status(&line) == OV_OK)
        (void)fwrite(line.ptr, 1, line.len, stdout);
}

static int print_all(struct verdict_journal *j,
                     const struct family_names *families, const uint8_t *hash)
{
    uint64_t at = JOURNAL_START;
    struct journal_batch b;
    enum ov_status s;

    while ((s = journal_read(j, &at, &b)) == OV_OK) {
        for (size_t i = 0; i < b.n; i++) {
            struct journal_verdict v;

            journal_at(&b, i, &v);
            if (hash == NULL || memcmp(hash, v.hash, 32) == 0)
                print_verdict(&b, &v, families);
        }
    }
    return s == OV_NOT_FOUND ? CLOUD_OK
                             : cloud_say("journal: %s", ov_status_name(s));
}

static int list(struct cloud *c)
{
    struct verdict_journal *j = NULL;
    struct family_names families = {0};
    uint8_t hash[32];
    int code = CLOUD_FAILED;

    if (c->n_words > 2 &&
        !ov_hex_decode(ov_span_str(c->words[2]), hash, sizeof(hash))) {
        (void)cloud_say("%s: not a SHA-256 of 64 digits", c->words[2]);
        return CLOUD_USAGE;
    }
    if (family_names_open(c, &families) && open_journal(c, false, &j))
        code = print_all(j, &families, c->n_words > 2 ? hash : NULL);
    journal_close(j);
    family_names_done(&families);
    return code;
}

static int history(struct cloud *c)
{
    uint8_t hash[32];

    if (c->n_words == 2)
        return verdict_history_publish(c);
    if (ov_hex_decode(ov_span_str(c->words[2]), hash, sizeof(hash)))
        return verdict_history_print(c, hash);
    (void)cloud_say("%s: not a SHA-256 of 64 digits", c->words[2]);
    return CLOUD_USAGE;
}

int cmd_verdict(struct cloud *c)
{
    const char *what = c->n_words > 0 ? c->words[0] : "";

    if (strcmp(what, "add") != 0 && strcmp(what, "import") != 0 &&
        strcmp(what, "list") != 0 && strcmp(what, "history") != 0) {
        (void)cloud_say("verdict add, import, list or history? see --help");
        return CLOUD_USAGE;
    }
    if (!cloud_open(c, 1))
        return CLOUD_FAILED;
    if (what[0] == 'l')
        return list(c);
    if (what[0] == 'h')
        return history(c);
    return what[0] == 'a' ? add_one(c) : import_file(c);
}
