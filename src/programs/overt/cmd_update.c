/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/text.h"
#include "command.h"
#include "engine_index.h"
#include "host/installed_rules.h"
#include "host/output.h"
#include "host/state_place.h"
#include "self_test.h"
#include "trust/update.h"
#include "update_set.h"

/* overt update: the parent's part, which is to open what is named, to move
 * bytes, and to say in words what came of it. What is believed is decided in
 * the judge (trust/update.h). */

#define ID_HEX ((size_t)2 * OV_WIRE_ROLLOUT_ID)

struct run {
    const struct update_set *set;
    struct ov_mirrors *mirrors;
    struct ov_state *state;
    struct ov_trust_result result;
    struct ov_diag diag;
    uint64_t now;
    bool is_broken; /* no release here loads */
};

/* ---- the machine's own random number ---- */

static enum ov_status load_id(struct ov_state *s,
                              uint8_t ret[OV_WIRE_ROLLOUT_ID])
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(ID_HEX);

    if (ov_state_get(s, "rollout-id", &text) == OV_OK &&
        ov_hex_decode(ov_buf_span(&text), ret, OV_WIRE_ROLLOUT_ID))
        return OV_OK;
    ov_buf_clear(&text);
    if (getrandom(ret, OV_WIRE_ROLLOUT_ID, 0) != OV_WIRE_ROLLOUT_ID)
        return OV_IO;
    ov_put_hex(&text, ov_span_of(ret, OV_WIRE_ROLLOUT_ID));
    OV_TRY(ov_buf_status(&text));
    return ov_state_put(s, "rollout-id", ov_buf_span(&text));
}

/* ---- trying what was staged ---- */

static enum ov_status try_release(const struct run *r, uint64_t release,
                                  struct ov_diag *diag)
{
    struct ov_pool_images images = {.n = 0};
    enum ov_status status = installed_rules_open(r->state, release, &images);

    if (status == OV_OK)
        status =
            self_test_run(&images, r->set->corpus, r->set->spawn_flags, diag);
    installed_rules_close(&images);
    return status;
}

static enum ov_status self_test(void *data, struct ov_state *s,
                                struct ov_diag *diag)
{
    (void)s;
    return try_release(data, OV_STATE_STAGED, diag);
}

static void on_step(void *data, uint32_t step)
{
    (void)data;
    out_progress(ov_update_step_word((enum ov_update_step)step));
}

/* ---- what came of it ---- */

static const struct ov_refusal_text *refusal_of(const struct run *r)
{
    return ov_refusal_text(r->result.updated.refusal);
}

/* For overt status. */
static void keep_outcome(struct run *r)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(8192);
    const struct ov_refusal_text *t = refusal_of(r);

    ov_put_format(
        &text, "time %llu\nresult %s\nstep %s\nmirrors %zu\n",
        (unsigned long long)r->now, t->word,
        ov_update_step_word((enum ov_update_step)r->result.updated.step),
        ov_mirrors_n(r->mirrors));
    if (r->result.detail[0] != '\0')
        ov_put_format(&text, "detail %s\n", r->result.detail);
    if (ov_buf_status(&text) == OV_OK)
        (void)!ov_state_put(r->state, "last-run",
                            ov_buf_span(&text)); /* it is told below, too */
}

static void print_people(const struct run *r)
{
    struct out *o = out_standard();
    const struct ov_wire_updated *u = &r->result.updated;
    const struct ov_refusal_text *t = refusal_of(r);

    if (t->class == OV_REFUSAL_NONE && r->set->is_quiet)
        return;
    if (u->is_installed)
        out_format(o, "release %llu is installed\n",
                   (unsigned long long)u->installed_seq);
    else if (t->class == OV_REFUSAL_NONE && u->is_current)
        out_format(o, "release %llu is the newest\n",
                   (unsigned long long)u->installed_seq);
    else if (t->class == OV_REFUSAL_NONE)
        out_format(o, "release %llu can be installed\n",
                   (unsigned long long)u->offered_seq);
    else
        update_print_refusal(o, &r->result);
    if (t->class != OV_REFUSAL_NONE && u->installed_seq != 0)
        out_format(o, "release %llu stays in use\n",
                   (unsigned long long)u->installed_seq);
}

static void print_json(const struct run *r)
{
    struct out *o = out_standard();
    const struct ov_wire_updated *u = &r->result.updated;

    out_format(o, "{");
    update_print_refusal_json(o, &r->result);
    out_format(o,
               ",\"step\":\"%s\",\"installed\":%llu,\"offered\":%llu,"
               "\"changed\":%s,\"bytes\":%llu}\n",
               ov_update_step_word((enum ov_update_step)u->step),
               (unsigned long long)u->installed_seq,
               (unsigned long long)u->offered_seq,
               u->is_installed ? "true" : "false",
               (unsigned long long)ov_mirrors_bytes(r->mirrors));
}

/* ---- the whole ---- */

/* The installed release was withdrawn and there is no newer one, or it does not
 * load: back to the newest kept one that does. */
static bool go_back(struct run *r, const char *why)
{
    struct ov_diag diag = {0};
    uint64_t current;
    uint64_t release;

    if (ov_state_current(r->state, &current) != OV_OK)
        return false;
    release = current;
    while (installed_rules_find(r->state, release, &release) == OV_OK) {
        if (try_release(r, release, &diag) != OV_OK ||
            ov_state_switch(r->state, release) != OV_OK)
            continue;
        out_error("update: release %llu %s: release %llu is in use again",
                  (unsigned long long)current, why,
                  (unsigned long long)release);
        r->result.updated.installed_seq = release;
        return true;
    }
    return false;
}

/* A damaged disk must not keep the update from mending it. */
static void mend(struct run *r)
{
    struct ov_diag diag = {0};
    uint64_t current;

    if (ov_state_current(r->state, &current) == OV_OK &&
        try_release(r, current, &diag) != OV_OK)
        r->is_broken = !go_back(r, "does not load");
}

static bool update(struct run *r)
{
    struct ov_trust_job job = {
        .task = r->set->is_check ? OV_TRUST_CHECK : OV_TRUST_UPDATE,
        .mirrors = r->mirrors,
        .state = r->state,
        .is_release_broken = r->is_broken,
        .root_path = r->set->root,
        .channel = r->set->channel,
        .now = r->now,
        .hold = r->set->hold,
        .engine = engine_index_of(r->state),
        .spawn_flags = r->set->spawn_flags,
        .self_test = self_test,
        .step = out_has_progress() ? on_step : NULL,
        .data = r,
    };
    enum ov_status status = load_id(r->state, job.rollout_id);

    if (status == OV_OK)
        status = ov_trust_run(&job, &r->result, &r->diag);
    out_progress(NULL);
    if (status == OV_OK)
        return true;
    out_error("update: %s",
              r->diag.text[0] != '\0' ? r->diag.text : ov_status_name(status));
    return false;
}

static int run(struct run *r)
{
    struct out *o = out_standard();

    mend(r);
    if (!update(r))
        return EXIT_ERROR;
    if (r->result.updated.is_recalled && !r->result.updated.is_installed)
        (void)go_back(r, "was withdrawn"); /* else it was the only one */
    keep_outcome(r);
    if (r->set->is_json)
        print_json(r);
    else
        print_people(r);
    return out_flush(o) ? update_exit_code(&r->result) : EXIT_ERROR;
}

int cmd_update(int argc, char **argv)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct update_sources sources = {NULL, NULL};
    OV_AUTO(state) state = NULL;
    struct update_set set;
    int code;

    struct run r = {.set = &set, .now = (uint64_t)time(NULL)};
    bool is_help = false;

    if (!update_set_parse(&update_options, &set, &argc, argv, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (!update_set_operands(&update_options, argc, argv, 0) ||
        !state_place_put(&path))
        return EXIT_ERROR;
    if (ov_state_open((char *)path.ptr, OV_STATE_WRITE, &state, &r.diag) !=
        OV_OK) {
        out_error("update: %s: %s", (char *)path.ptr, r.diag.text);
        return EXIT_ERROR;
    }
    if (!update_set_sources(&set, "overt update", "update", &sources))
        return EXIT_ERROR;
    r.mirrors = sources.mirrors;
    r.state = state;
    code = run(&r);
    update_sources_done(&sources);
    return code;
}
