/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "center.h"
#include "crypto/digest.h"
#include "sys/file.h"
#include "sys/landlock.h"

/* overt-center build REPO -o SITE: verifies, then makes the site's data, then
 * its copy of the tree, and last, by node, the pages. Who visits meanwhile sees
 * the state before, or proofs of the new one. From before the first byte of the
 * tree is read it, and what it starts, can change nothing but SITE. */

#define ARENA_SIZE ((size_t)64 << 20)
#define MAX_JSON ((size_t)8 << 20)

void site_problem(struct site *s, const char *what, const char *text)
{
    ov_put_str(&s->problems, s->problems.len > 0 ? ",{" : "{");
    site_put_text(&s->problems, "what", ov_span_str(what));
    site_put_text(&s->problems, "text", ov_span_str(text));
    ov_put_str(&s->problems, "}");
}

static void put_meta(struct ov_buf *b, const struct ov_tuf_meta *m)
{
    ov_put_format(b, "%s\"%s\":{", b->ptr[b->len - 1] == '{' ? "" : ",",
                  ov_tuf_type_name(m->type));
    site_put_number(b, "version", (uint64_t)m->version);
    site_put_number(b, "expires", (uint64_t)m->expires);
    ov_put_str(b, "}");
}

static void put_witnesses(struct ov_buf *b, const struct site *s)
{
    ov_put_str(b, ",\"witnesses\":[");
    for (size_t i = 0; i < s->policy.n_witnesses; i++) {
        bool has_seen = (s->seen.cosigners >> i & 1) != 0;

        ov_put_str(b, i > 0 ? ",{" : "{");
        site_put_text(b, "name", ov_span_str(s->policy.witnesses[i].key.name));
        site_put_text(b, "url", s->policy.witnesses[i].url);
        site_put_number(b, "time", has_seen ? s->seen.times[i] : 0);
        ov_put_str(b, "}");
    }
    ov_put_str(b, "]");
}

enum ov_status site_facts(struct site *s, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_JSON);
    const struct ov_checkpoint *c = &s->seen.checkpoint;
    uint8_t digest[OV_DIGEST_MAX];

    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&s->first_root), digest));
    ov_put_str(&b, "{");
    site_put_text(&b, "format", OV_SPAN_LIT("overt-center-site/1"));
    site_put_text(&b, "instance", s->people.instance);
    site_put_number(&b, "built", s->now);
    site_put_text(&b, "origin", c->origin);
    site_put_number(&b, "size", c->size);
    site_put_hex(&b, "root", ov_span_of(c->root, sizeof(c->root)));
    site_put_hex(&b, "firstRoot", ov_span_of(digest, 32));
    site_put_number(&b, "vouched", s->seen.vouched);
    site_put_number(&b, "maxAge", s->max_age);
    put_witnesses(&b, s);
    site_put_text(&b, "policy", ov_buf_span(&s->policy_text));
    site_put_text(&b, "people", ov_buf_span(&s->people_text));
    ov_put_str(&b, ",\"tuf\":{");
    put_meta(&b, &ov_tuf_client_root(s->client)->meta);
    put_meta(&b, &ov_tuf_client_timestamp(s->client)->meta);
    put_meta(&b, &ov_tuf_client_snapshot(s->client)->meta);
    put_meta(&b, &ov_tuf_client_targets(s->client)->meta);
    ov_put_str(&b, "},\"problems\":[");
    ov_put_span(&b, ov_buf_span(&s->problems));
    ov_put_str(&b, "]}\n");
    OV_TRY(ov_buf_status(&s->problems));
    return site_write(s, "data/site.json", &b, diag);
}

/* ---- the command ---- */

static bool read_options(int argc, char **argv, struct site *s)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'},
        {"root", required_argument, NULL, 'r'},
        {"web", required_argument, NULL, 'w'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
        if (option == 'o')
            s->out = optarg;
        else if (option == 'r')
            s->root = optarg;
        else if (option == 'w')
            s->web = optarg;
        else
            return false;
    }
    if (argc - optind != 1 || s->out == NULL)
        return false;
    s->repo = argv[optind];
    return true;
}

static bool enter_jail(const struct site *s)
{
    const char *const places[] = {s->out, "/dev/null"};
    enum ov_status status;

    if (mkdir(s->out, 0755) != 0 && errno != EEXIST) {
        (void)center_say("%s: %s", s->out, strerror(errno));
        return false;
    }
    status = ov_landlock_write_paths(places, 2);
    if (status != OV_OK)
        (void)center_say("cannot jail itself: %s", ov_status_name(status));
    return status == OV_OK;
}

static enum ov_status make_data(struct site *s, struct ov_diag *diag)
{
    OV_TRY(site_trust(s, diag));
    OV_TRY(site_log(s, diag));
    OV_TRY(site_tree(s, diag));
    return site_facts(s, diag);
}

/* node takes this process's place. */
static int make_pages(const struct site *s)
{
    char program[SITE_PATH_MAX];
    struct stat st;

    if (strcmp(s->web, "none") == 0)
        return CENTER_OK;
    (void)snprintf(program, sizeof(program), "%s/render.mjs", s->web);
    if (stat(program, &st) != 0)
        return center_say("%s: %s; build the web part (meson -Dweb=enabled), "
                          "or give --web",
                          program, strerror(errno));
    (void)execlp("node", "node", program, s->out, (char *)NULL);
    return center_say("node: %s; without it there are no pages",
                      strerror(errno));
}

static int exit_code(enum ov_status status)
{
    bool is_machine = status == OV_NO_MEMORY || status == OV_USAGE ||
                      ov_status_class(status) == OV_CLASS_MACHINE;

    return is_machine ? CENTER_FAILED : CENTER_WRONG;
}

static int build(struct site *s)
{
    struct ov_diag diag = {0};
    enum ov_status status = make_data(s, &diag);

    if (status != OV_OK) {
        (void)center_say("%s: %s", s->repo,
                         diag.text[0] != '\0' ? diag.text
                                              : ov_status_name(status));
        return exit_code(status);
    }
    (void)printf("%s: %llu entries verified, %u of %zu witnesses\n", s->out,
                 (unsigned long long)s->seen.checkpoint.size,
                 (unsigned)__builtin_popcountll(s->seen.cosigners),
                 s->policy.n_witnesses);
    return fflush(stdout) == 0 ? make_pages(s) : CENTER_FAILED;
}

int cmd_build(int argc, char **argv)
{
    OV_AUTO_PTR struct site *s = ov_alloc(sizeof(*s));
    OV_AUTO(arena) arena = ov_arena_new(ARENA_SIZE);
    int code;

    if (s == NULL || arena == NULL)
        return center_say("out of memory");
    s->arena = arena;
    s->web = OV_WEB_FOLDER;
    s->now = (uint64_t)time(NULL);
    s->problems = ov_buf_with_max(64 << 10);
    if (!read_options(argc, argv, s))
        return center_say("build REPO -o SITE; overt-center --help tells");
    code = enter_jail(s) ? build(s) : CENTER_FAILED;
    ov_tuf_client_free(s->client);
    ov_tuf_memory_done(&s->kept);
    ov_buf_done(&s->first_root);
    ov_buf_done(&s->policy_text);
    ov_buf_done(&s->people_text);
    ov_buf_done(&s->limits_text);
    ov_buf_done(&s->checkpoint);
    ov_buf_done(&s->problems);
    return code;
}
