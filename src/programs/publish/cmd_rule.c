/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "code_release.h"
#include "commands.h"
#include "feed_review.h"
#include "line_diff.h"
#include "request_review.h"
#include "rule_tests.h"
#include "staged.h"

/* A rule's way: propose or retire by one person, review by another. The note
 * speaks of the final bytes (their digest), and of the results of the tests; a
 * reviewer's machine makes both again from what is staged, so that neither the
 * author's nor the server's word has to be taken for them. */

#define SOURCE_MAX ((size_t)4 << 20) /* as record.h */

/* A rule's id as a file name. */
static const char *staged_name(struct instance *in, const char *id,
                               uint64_t rev)
{
    char *name = ov_arena_alloc(in->arena, strlen(id) + 1);

    if (name == NULL)
        return "";
    for (size_t i = 0; id[i] != '\0'; i++)
        name[i] = ov_is_alnum((uint8_t)id[i]) || id[i] == '-' ? id[i] : '_';
    return text(in, "%s-r%llu", name, (unsigned long long)rev);
}

/* Line ends become newlines, the last line ends: the bytes that are signed. */
static bool normalize(struct instance *in, struct ov_span source,
                      struct ov_span *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(SOURCE_MAX + 1);

    while (source.len > 0) {
        struct ov_span line;

        (void)ov_span_cut(&source, '\n', &line);
        if (ov_span_ends(line, OV_SPAN_LIT("\r")))
            line = ov_span_clip(line, 0, line.len - 1);
        ov_put_span(&b, line);
        ov_put_u8(&b, '\n');
    }
    if (ov_buf_status(&b) != OV_OK || b.len > SOURCE_MAX || b.len == 0)
        return tell_error("the source is empty, or longer than 4 MiB");
    return ov_arena_copy(in->arena, ov_buf_span(&b), ret) ||
           tell_error("out of memory");
}

static const char *kind_of(struct instance *in, const char *source)
{
    const char *kind = option_get(&in->args, OPT_kind);
    const char *dot = strrchr(source, '.');

    return kind != NULL ? kind : dot != NULL ? dot + 1 : "";
}

struct proposal {
    const char *id;
    const char *name;
    const char *kind;
    const char *author;
    struct ov_span source; /* ptr NULL: retire */
    const char *results;   /* "sha256:HEX SIZE" or NULL */
    uint64_t rev;
    uint64_t replaces;
    bool is_first;
};

static bool put_proposal(struct instance *in, const struct proposal *p,
                         struct ov_buf *b)
{
    const char *why = option_get(&in->args, OPT_why);
    const char *embargo = option_get(&in->args, OPT_embargo);
    const char *source;

    ov_put_entry_head(b, in->name, OV_ENTRY_RULE_CHANGE);
    ov_put_entry_line(b, "id", "%s", p->id);
    ov_put_entry_line(b, "rev", "%llu", (unsigned long long)p->rev);
    ov_put_entry_line(b, "op", "%s",
                      p->source.ptr == NULL ? "retire"
                      : p->is_first         ? "add"
                                            : "modify");
    if (!p->is_first)
        ov_put_entry_line(b, "replaces", "%llu",
                          (unsigned long long)p->replaces);
    ov_put_entry_line(b, "kind", "%s", p->kind);
    if (p->source.ptr != NULL) {
        if (!blob_put(in, p->source, &source))
            return false;
        ov_put_entry_line(b, "source", "%s", source);
    }
    if (p->results != NULL)
        ov_put_entry_line(b, "tests", "%s", p->results);
    if (embargo != NULL)
        ov_put_entry_line(b, "embargo", "%s", embargo);
    if (why != NULL)
        ov_put_entry_line(b, "why", "%s", why);
    ov_put_entry_line(b, "author", "%s", p->author);
    ov_put_str(b, "time ");
    ov_put_time(b, in->now);
    ov_put_u8(b, '\n');
    return true;
}

static bool begin_proposal(struct instance *in, struct proposal *p,
                           const char *kind)
{
    struct ov_opened *before = ov_arena_alloc(in->arena, sizeof(*before));
    struct history h;

    p->id = option_get(&in->args, OPT_id);
    p->author = option_get(&in->args, OPT_as);
    if (p->id == NULL || p->author == NULL)
        return tell_error("say --id RULE and --as PERSON");
    if (before == NULL || !history_read(in, &h))
        return false;
    p->rev = 0;
    p->is_first = !history_newest(in, &h, OV_ENTRY_RULE_CHANGE, p->id, before,
                                  &p->replaces);
    if (!p->is_first && !ov_entry_number(&before->entry, "rev", &p->rev))
        return tell_error("%s: its last entry has no rev", p->id);
    p->rev++;
    p->kind = kind;
    if (kind == NULL) {
        struct ov_span old;

        if (p->is_first || !ov_entry_value(&before->entry, "kind", 0, &old))
            return tell_error("%s: there is no such rule in the log", p->id);
        p->kind = text_of(in, old);
    }
    p->name = staged_name(in, p->id, p->rev);
    return true;
}

/* Runs the staged tests on the staged source, and the corpus if there is
 * one. */
static bool run_tests(struct instance *in, const char *name, const char *kind,
                      struct ov_buf *results)
{
    struct rule_tests tests = {
        .rule = path_in(in, "staging/%s/rule.%s", name, kind),
        .folder = path_in(in, "staging/%s/tests", name),
        .corpus = option_get(&in->args, OPT_corpus),
    };
    unsigned n_failed;

    tell("tests of %s:", name);
    if (!rule_tests_run(in, &tests, results, &n_failed))
        return false;
    return n_failed == 0 ||
           tell_error("%s: %u samples are not as they should be; change the "
                      "rule, or the tests",
                      name, n_failed);
}

bool cmd_propose(struct instance *in)
{
    OV_AUTO_DONE(buf) results = ov_buf_with_max(1 << 24);
    OV_AUTO_DONE(buf) entry = ov_buf_with_max(OV_ENTRY_MAX);
    const char *path = option_get(&in->args, OPT_source);
    struct proposal p = {0};
    struct ov_span raw;

    if (path == NULL)
        return tell_error("say --source FILE: the rule");
    if (!begin_proposal(in, &p, kind_of(in, path)) || !read_in(in, path, &raw))
        return false;
    if (!normalize(in, raw, &p.source))
        return false;
    if (disk_exists(path_in(in, "staging/%s/note", p.name)))
        return tell_error("%s is staged already; review it, or remove %s",
                          p.name, path_in(in, "staging/%s", p.name));
    if (!disk_write(path_in(in, "staging/%s/rule.%s", p.name, p.kind), p.source,
                    0644) ||
        !rule_tests_add(in, path_in(in, "staging/%s/tests", p.name), OPT_bad) ||
        !rule_tests_add(in, path_in(in, "staging/%s/tests", p.name),
                        OPT_good) ||
        !run_tests(in, p.name, p.kind, &results) ||
        !blob_put(in, ov_buf_span(&results), &p.results) ||
        !put_proposal(in, &p, &entry))
        return false;
    return staged_new(in, p.name, &entry, p.author) &&
           staged_sign_as_ci(in, p.name);
}

bool cmd_retire(struct instance *in)
{
    OV_AUTO_DONE(buf) entry = ov_buf_with_max(OV_ENTRY_MAX);
    struct proposal p = {0};

    if (option_get(&in->args, OPT_why) == NULL)
        return tell_error("say --why: taking detection away wants a reason "
                          "that everybody can read");
    return begin_proposal(in, &p, NULL) && put_proposal(in, &p, &entry) &&
           staged_new(in, p.name, &entry, p.author) &&
           staged_sign_as_ci(in, p.name);
}

/* -- review -- */

/* The source that the entry replaces, from the log; empty for a new rule. */
static bool old_source(struct instance *in, const struct ov_entry *e,
                       struct ov_span *ret)
{
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    struct ov_people people;
    struct history h;
    struct ov_span id;
    struct ov_span name;
    uint64_t index;

    *ret = (struct ov_span){0};
    if (!ov_entry_number(e, "replaces", &index))
        return true;
    if (o == NULL || !history_read(in, &h) || !people_read(in, &people))
        return false;
    if (index >= h.n ||
        ov_entry_open(in->arena, h.entries[index], &people, index, o, NULL) !=
            OV_OK ||
        !ov_entry_value(e, "id", 0, &id) ||
        !ov_entry_is(&o->entry, "id", text_of(in, id)))
        return tell_error("it replaces entry %llu, which is not of this rule",
                          (unsigned long long)index);
    if (!ov_entry_value(&o->entry, "source", 0, &name))
        return true; /* was retired */
    return blob_get(in, name, ret);
}

/* What is staged must be what the note speaks about. */
static bool check_blob(const struct ov_entry *e, const char *field,
                       struct ov_span bytes, const char *what)
{
    uint8_t said[32];
    uint8_t found[32];
    uint64_t size;

    if (!ov_entry_digest(e, field, said, &size) || !digest_of(bytes, found) ||
        size != bytes.len || memcmp(said, found, sizeof(said)) != 0)
        return tell_error("%s is not what the author signed: do not sign; "
                          "propose it again",
                          what);
    return true;
}

static bool review_rule(struct instance *in, const struct staged *s)
{
    const struct ov_entry *e = &s->opened.entry;
    OV_AUTO_DONE(buf) results = ov_buf_with_max(1 << 24);
    struct ov_span kind;
    struct ov_span source;
    struct ov_span old;
    const char *path;

    if (ov_entry_is(e, "op", "retire")) {
        if (!old_source(in, e, &old))
            return false;
        tell("this rule would find nothing any more:");
        return tell_diff(in, old, (struct ov_span){0});
    }
    if (!ov_entry_value(e, "kind", 0, &kind))
        return tell_error("%s: no kind", s->name);
    path = path_in(in, "staging/%s/rule.%.*s", s->name, (int)kind.len,
                   (const char *)kind.ptr);
    return read_in(in, path, &source) &&
           check_blob(e, "source", source, path) && old_source(in, e, &old) &&
           tell_diff(in, old, source) &&
           run_tests(in, s->name, text_of(in, kind), &results) &&
           check_blob(e, "tests", ov_buf_span(&results),
                      "the result of the tests");
}

bool cmd_review(struct instance *in)
{
    struct staged *s = ov_arena_alloc(in->arena, sizeof(*s));
    const char *as = option_get(&in->args, OPT_as);
    const char *name;

    if (in->args.n_operands != 2 || as == NULL)
        return tell_error("say what to review and who you are: overt-publish "
                          "review DIR NAME --as PERSON");
    name = in->args.operands[1];
    if (s == NULL || !staged_read(in, name, s))
        return false;
    tell_entry(&s->opened.entry);
    for (size_t i = 0; i < s->opened.signers.n; i++)
        tell("  signed by  %s", s->opened.signers.list[i]->key.name);
    if (s->opened.entry.type == OV_ENTRY_RULE_CHANGE && !review_rule(in, s))
        return false;
    if (s->opened.entry.type == OV_ENTRY_FEED &&
        !feed_review(in, &s->opened.entry))
        return false;
    if (s->opened.entry.type == OV_ENTRY_CODE_RELEASE &&
        !code_release_review(in, &s->opened.entry))
        return false;
    if (s->opened.entry.type == OV_ENTRY_REQUEST_REPORT &&
        !request_report_review(in, &s->opened.entry))
        return false;
    return confirm(in, "Sign this as the next person?") &&
           staged_sign(in, name, as) && staged_sign_as_ci(in, name);
}
