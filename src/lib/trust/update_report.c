/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "trust/trace.h"
#include "trust/update_recalled.h"

/* What a client knows about its own state, as lines "name value": for people,
 * for machines that watch it, and for tests. Nothing is fetched and nothing is
 * decided here but one thing: since when the state is stale. */

static void put_digest(struct ov_buf *b, const char *name,
                       const uint8_t *digest, uint64_t len)
{
    ov_put_format(b, "%s sha256:", name);
    ov_put_hex(b, ov_span_of(digest, 32));
    ov_put_format(b, " %llu\n", (unsigned long long)len);
}

/* Whether the log's entries of the rules are here, too. */
static bool has_trace(struct ov_update *u)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_TRACE_MAX);

    return u->io->release_get(u->io->data, "trace", &bytes) == OV_OK;
}

static void put_release(struct ov_buf *b, struct ov_update *u)
{
    const struct ov_release *r = &u->old;
    uint8_t digest[OV_DIGEST_MAX];

    ov_put_format(b, "release %llu\n", (unsigned long long)r->seq);
    ov_put_format(b, "base %llu\n", (unsigned long long)r->base);
    ov_put_format(b, "records %llu\n", (unsigned long long)r->n_records);
    ov_put_str(b, "set-root ");
    ov_put_hex(b, ov_span_of(r->set_root, sizeof(r->set_root)));
    ov_put_u8(b, '\n');
    put_digest(b, "image.0", r->tiers[0].digest, r->tiers[0].len);
    put_digest(b, "image.1", r->tiers[1].digest, r->tiers[1].len);
    ov_put_format(b, "trace %s\n", has_trace(u) ? "kept" : "missing");
    if (ov_digest(OV_SHA256, u->old_head.note, digest) == OV_OK)
        put_digest(b, "note", digest, u->old_head.note.len);
}

static void put_time(struct ov_buf *b, const char *name, uint64_t time)
{
    ov_put_format(b, "%s ", name);
    ov_put_time(b, time);
    ov_put_u8(b, '\n');
}

static void put_log(struct ov_buf *b, const struct ov_update *u)
{
    const struct ov_client_state *c = &u->client;

    if (c->origin[0] == '\0')
        return;
    ov_put_format(b, "log %s\nlog-size %llu\n", c->origin,
                  (unsigned long long)c->size);
    ov_put_format(b, "witnesses %llu\n", (unsigned long long)c->cosigners);
    if (c->witnessed != 0)
        put_time(b, "witnessed", c->witnessed);
    if (c->good_time != 0)
        put_time(b, "updated", c->good_time);
    ov_put_format(b, "highest %llu\n", (unsigned long long)c->highest);
}

/* When the timestamp expires; 0: not known. */
static uint64_t expiry(struct ov_update *u)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(64 << 10);
    struct ov_tuf_timestamp t;

    if (u->io->state_get(u->io->data, "trust/timestamp.json", &bytes) !=
            OV_OK ||
        ov_tuf_read_timestamp(u->arena, ov_buf_span(&bytes), &t) != OV_OK)
        return 0;
    return (uint64_t)t.meta.expires;
}

static void put_staleness(struct ov_buf *b, struct ov_update *u)
{
    uint64_t until = expiry(u);
    uint64_t witnessed = u->client.witnessed + u->max_age;

    if (until == 0)
        return;
    put_time(b, "expires", until);
    if (u->has_policy && u->policy.quorum != OV_QUORUM_NONE &&
        witnessed < until)
        until = witnessed;
    if (u->now > until)
        put_time(b, "stale-since", until);
    else
        put_time(b, "fresh-until", until);
}

static enum ov_status report(struct ov_update *u, struct ov_buf *b)
{
    OV_TRY(ov_update_load(u));
    ov_update_read_limits(u);
    u->now = u->options->now > u->client.vouched ? u->options->now
                                                 : u->client.vouched;
    if (u->has_old)
        put_release(b, u);
    put_log(b, u);
    put_staleness(b, u);
    ov_put_recalled(b, u);
    ov_put_notices(b, u);
    OV_TRY(ov_buf_status(b));
    return u->has_old ? OV_OK : OV_NOT_FOUND;
}

enum ov_status ov_update_report(const struct ov_update_io *io, uint64_t now,
                                struct ov_buf *into)
{
    const struct ov_update_options options = {.now = now, .channel = ""};
    struct ov_update_result result = {0};
    OV_AUTO(update) u = ov_update_new(io, &options, &result);

    return u != NULL ? report(u, into) : OV_NO_MEMORY;
}
