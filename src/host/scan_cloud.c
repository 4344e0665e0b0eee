/* SPDX-License-Identifier: Apache-2.0 */
#include "host/scan_cloud.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "host/cloud_ask.h"
#include "host/cloud_local.h"
#include "host/cloud_merge.h"
#include "host/output.h"
#include "host/quarantine_item.h"
#include "host/state_place.h"

/* Only programs are looked up, by their first bytes; of nearly all of them the
 * filter that is mapped here says that nobody calls them bad, and there it
 * ends. The rest goes to the judge, which asks for a bucket if it must. What is
 * good is no news to a scan: it never takes back what a rule has found.
 *
 * "Perhaps" without an answer that holds is not "no": whoever cuts the line or
 * spoils an answer would make a file clean. It is told as unknown.
 *
 * The owner may have a cloud of the own beside the public one, with a state and
 * keys of its own: both are asked where one of them may call the file bad.
 *
 * Limits: the walk waits for an answer; members of archives are not looked up.
 */

struct scan_cloud {
    struct ov_buf state; /* the folder, NUL-terminated */
    struct cloud_settings settings;
    const char *program;
    struct cloud_local *local;
    struct cloud_ask *ask;
    struct cloud_local *own_local; /* NULL: there is no own cloud */
    struct cloud_ask *own_ask;
    bool has_complained;
};

void scan_cloud_close(struct scan_cloud *c)
{
    if (c == NULL)
        return;
    cloud_ask_free(c->ask);
    cloud_local_close(c->local);
    cloud_ask_free(c->own_ask);
    cloud_local_close(c->own_local);
    ov_buf_done(&c->state);
    ov_free(c);
}

/* The owner's own cloud, if there is one. False after a line of error. */
static bool begin_own(struct scan_cloud *c, enum cloud_mode mode,
                      unsigned spawn_flags)
{
    const char *state = c->settings.own_state;

    if (state == NULL)
        return true;
    if (cloud_local_open(state, &c->own_local) != OV_OK) {
        out_error("scan: nothing of your own cloud is here yet: overt cloud "
                  "update");
        return false;
    }
    return cloud_ask_new_noted(state, (char *)c->state.ptr,
                               mode != CLOUD_OFF ? &c->settings.own : NULL,
                               c->program, spawn_flags, &c->own_ask);
}

/* False: nothing to ask, or a line of error. *ret_is_fine tells which. */
static bool begin(struct scan_cloud *c, enum scan_cloud_when when,
                  unsigned spawn_flags, bool *ret_is_fine)
{
    const struct setting_list *places;
    enum cloud_mode mode;

    *ret_is_fine = false;
    if (!state_place_put(&c->state) || !cloud_settings_load(&c->settings))
        return false;
    *ret_is_fine = when == SCAN_CLOUD_AS_SET;
    mode = cloud_mode_of(&c->settings, (char *)c->state.ptr);
    if (mode == CLOUD_OFF && when == SCAN_CLOUD_AS_SET)
        return false;
    if (cloud_local_open((char *)c->state.ptr, &c->local) != OV_OK) {
        if (when == SCAN_CLOUD_WANTED)
            out_error("scan: nothing of the cloud is here yet: overt cloud "
                      "update");
        return false;
    }
    if (!begin_own(c, mode, spawn_flags))
        return false;
    places = mode != CLOUD_OFF ? cloud_places(&c->settings, mode) : NULL;
    *ret_is_fine = false;
    return cloud_ask_new((char *)c->state.ptr, places, c->program, spawn_flags,
                         &c->ask);
}

bool scan_cloud_open(enum scan_cloud_when when, const char *program,
                     unsigned spawn_flags, struct scan_cloud **ret)
{
    struct scan_cloud *c;
    bool is_fine;

    *ret = NULL;
    if (when == SCAN_CLOUD_NEVER)
        return true;
    c = ov_alloc(sizeof(*c));
    if (c == NULL)
        return false;
    c->program = program;
    c->state = ov_buf_with_max(PATH_MAX);
    if (begin(c, when, spawn_flags, &is_fine)) {
        *ret = c;
        return true;
    }
    scan_cloud_close(c);
    return is_fine;
}

void scan_cloud_put_identity(const struct scan_cloud *c, struct ov_buf *b)
{
    cloud_local_put_identity(c->local, b);
    if (c->own_local != NULL)
        cloud_local_put_identity(c->own_local, b);
}

/* ELF, PE, Mach-O of either order, Dex. */
bool scan_cloud_is_program(int fd)
{
    static const uint8_t magics[][4] = {
        {0x7f, 'E', 'L', 'F'},    {0xfe, 0xed, 0xfa, 0xce},
        {0xfe, 0xed, 0xfa, 0xcf}, {0xce, 0xfa, 0xed, 0xfe},
        {0xcf, 0xfa, 0xed, 0xfe}, {0xca, 0xfe, 0xba, 0xbe},
        {'d', 'e', 'x', '\n'}};
    uint8_t head[4];

    if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
        return false;
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
        if (memcmp(head, magics[i], sizeof(head)) == 0)
            return true;
    return head[0] == 'M' && head[1] == 'Z';
}

/* Once: a cloud that is away is away for every file. A lie is told each time.
 */
static void complain(struct scan_cloud *c, struct ov_span words)
{
    bool is_lie = ov_span_starts(words, OV_SPAN_LIT("REFUSED"));

    if (c->has_complained && !is_lie)
        return;
    c->has_complained |= !is_lie;
    out_error("cloud: %.*s", (int)words.len, (const char *)words.ptr);
}

static void put_rule(const struct cloud_said *s, struct ov_span reputation,
                     char ret_rule[static SCAN_CLOUD_RULE_MAX])
{
    struct ov_span family = cloud_said_value(s, "family");
    bool has_family = !ov_span_equal(family, OV_SPAN_LIT("-"));

    (void)snprintf(ret_rule, SCAN_CLOUD_RULE_MAX, "Cloud.%.*s%s%.*s",
                   (int)reputation.len, (const char *)reputation.ptr,
                   has_family ? "." : "", has_family ? (int)family.len : 0,
                   has_family ? (const char *)family.ptr : "");
}

/* What one cloud says; its status tells if it says nothing. */
static void ask_one(struct cloud_ask *whom, const char *digits,
                    struct cloud_said *s)
{
    struct ov_diag diag = {0};
    enum ov_status status =
        cloud_ask_run(whom, OV_TRUST_CLOUD_LOOKUP, digits, s, &diag);

    if (status == OV_OK)
        return;
    *s = (struct cloud_said){.status = status};
    (void)snprintf(s->text, sizeof(s->text), "words %s", diag.text); /* fits */
}

static bool ask(struct scan_cloud *c, const uint8_t digest[static 32],
                struct cloud_said *s)
{
    OV_AUTO_DONE(buf) digits = ov_buf_with_max(80);
    OV_AUTO_PTR struct cloud_said *own = NULL;

    ov_put_hex(&digits, ov_span_of(digest, 32));
    ov_put_u8(&digits, 0);
    if (ov_buf_status(&digits) != OV_OK)
        return false;
    ask_one(c->ask, (char *)digits.ptr, s);
    if (c->own_ask != NULL) {
        own = ov_alloc(sizeof(*own));
        if (own == NULL)
            return false;
        ask_one(c->own_ask, (char *)digits.ptr, own);
        if (cloud_merge(own, s) == own)
            *s = *own;
    }
    if (s->status == OV_OK)
        return true;
    /* That nobody may be asked is the owner's own word. */
    if (s->status != OV_PEER_GONE)
        complain(c, cloud_said_value(s, "words"));
    return false;
}

enum scan_cloud_word scan_cloud_first_look(struct scan_cloud *c, int fd,
                                           uint8_t ret_digest[static 32],
                                           bool *ret_has_digest)
{
    uint64_t size;

    *ret_has_digest =
        quarantine_digest(fd, UINT64_MAX, ret_digest, &size) == OV_OK;
    return !*ret_has_digest || cloud_local_may_be_bad(c->local, ret_digest) ||
                   (c->own_local != NULL &&
                    cloud_local_may_be_bad(c->own_local, ret_digest))
               ? SCAN_CLOUD_UNKNOWN
               : SCAN_CLOUD_NOT_BAD;
}

enum scan_cloud_word scan_cloud_ask(struct scan_cloud *c,
                                    const uint8_t digest[static 32],
                                    char ret_rule[static SCAN_CLOUD_RULE_MAX],
                                    bool *ret_is_unwanted)
{
    struct ov_span reputation;
    struct cloud_said s;

    if (!ask(c, digest, &s))
        return SCAN_CLOUD_UNKNOWN;
    reputation = cloud_said_value(&s, "reputation");
    *ret_is_unwanted = ov_span_equal(reputation, OV_SPAN_LIT("unwanted"));
    if (!*ret_is_unwanted &&
        !ov_span_equal(reputation, OV_SPAN_LIT("malicious")) &&
        !ov_span_equal(reputation, OV_SPAN_LIT("test")))
        return SCAN_CLOUD_NOT_BAD;
    put_rule(&s, reputation, ret_rule);
    return SCAN_CLOUD_BAD;
}

enum scan_cloud_word
scan_cloud_look_up(struct scan_cloud *c, int fd,
                   char ret_rule[static SCAN_CLOUD_RULE_MAX],
                   bool *ret_is_unwanted)
{
    uint8_t digest[OV_DIGEST_MAX];
    bool has_digest;

    if (!scan_cloud_is_program(fd) ||
        scan_cloud_first_look(c, fd, digest, &has_digest) == SCAN_CLOUD_NOT_BAD)
        return SCAN_CLOUD_NOT_BAD;
    return has_digest ? scan_cloud_ask(c, digest, ret_rule, ret_is_unwanted)
                      : SCAN_CLOUD_UNKNOWN;
}
