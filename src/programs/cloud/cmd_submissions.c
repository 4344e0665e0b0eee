/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "control/blob_s3.h"
#include "control/submit_service.h"
#include "region_files.h"
#include "service_run.h"
#include "sys/key_file.h"
#include "sys/notify.h"

/*
 * overt-cloud submissions DIR: the region's service that takes what is
 * submitted. It opens its database, reads the key for receipts, and jails
 * itself: from then on it can write in DIR/state and reach the database, and
 * starts nothing. The key that opens envelopes is not within its reach.
 */

#define LISTEN "127.0.0.1:8443"
#define DEFAULT_KEEP_DAYS 90
#define DAY 86400
#define IDLE_SECONDS 30
#define MAX_CONNECTIONS 256
#define MAX_BODIES ((size_t)128 << 20) /* that are coming, all together */
#define MAX_ANSWER ((size_t)1 << 20)
#define WAKE_MILLISECONDS 1000
#define EXPIRE_SECONDS 60
/* Of who shows no token; overt-cloud tenant DIR public changes it. */
#define PUBLIC_COUNT 100000
#define PUBLIC_BYTES ((uint64_t)20 << 30)

/* A tenant for those without a token, if there is none yet. */
static enum ov_status make_public(struct control_store *s, struct ov_diag *diag)
{
    const struct control_tenant t = {CONTROL_PUBLIC, PUBLIC_COUNT,
                                     PUBLIC_BYTES};
    struct control_tenant have;
    enum ov_status status =
        control_tenant_get(s, ov_span_of(NULL, 0), &have, diag);

    return status == OV_NOT_FOUND ? control_tenant_put(s, &t, NULL, diag)
                                  : status;
}

struct expiry {
    uint64_t next;
    bool has_more; /* some are deleted in each turn */
};

static void expire(struct submit_service *s, struct expiry *e)
{
    struct ov_diag diag = {.text = ""};
    uint64_t n = 0;

    if (service_now() < e->next)
        return;
    if (submit_service_expire(s, &n, &diag) != OV_OK)
        service_note("cannot delete what is old", ov_span_str(diag.text));
    e->has_more = n == SUBMIT_EXPIRE_MAX;
    e->next = e->has_more ? 0 : service_now() + EXPIRE_SECONDS;
}

static void sweep(struct submit_service *s)
{
    struct ov_diag diag = {.text = ""};
    uint64_t n;

    if (submit_service_sweep(s, &n, &diag) != OV_OK)
        service_note("cannot remove what was left behind",
                     ov_span_str(diag.text));
    else if (n > 0)
        (void)cloud_say("removed %llu files that no submission has",
                        (unsigned long long)n);
}

static int run(struct cloud *c, struct submit_service *s, const char *state)
{
    const char *listen = cloud_option(c, "listen");
    const struct ov_http_options how = {
        .listen = listen != NULL ? listen : LISTEN,
        .max_body = OV_ENVELOPE_MAX,
        .max_bodies = MAX_BODIES,
        .max_answer = MAX_ANSWER,
        .max_connections = MAX_CONNECTIONS,
        .idle_seconds = IDLE_SECONDS,
        .data = s,
        .admit = submit_service_admit,
        .handle = submit_service_handle,
    };
    OV_AUTO(http_server) server = NULL;
    struct ov_diag diag = {.text = ""};
    enum ov_status status = OV_OK;
    struct expiry expiry = {0};

    if (ov_http_server_new(&how, &server, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    if (!service_catch_signals() || !service_enter_jail(state))
        return CLOUD_FAILED;
    sweep(s);
    (void)printf("listening on port %u\n", ov_http_server_port(server));
    (void)fflush(stdout); /* who waits for it must see it */
    ov_notify("READY=1");
    while (status == OV_OK && !ov_serving_is_ended()) {
        status =
            ov_http_server_run(server, expiry.has_more ? 0 : WAKE_MILLISECONDS);
        expire(s, &expiry);
    }
    return status == OV_OK ? CLOUD_OK : cloud_say("the server failed");
}

static bool read_key(struct cloud *c, const struct region_files *r,
                     struct ov_key *ret)
{
    char path[CLOUD_PATH_MAX];
    struct ov_diag diag = {.text = ""};

    if (!cloud_path(c, path, "keys/receipts"))
        return false;
    if (ov_key_file_read(path, ov_span_of(NULL, 0), ret, &diag) != OV_OK) {
        (void)cloud_say("%s", diag.text);
        return false;
    }
    if (memcmp(ret->public_key, r->keys->receipt_key.key, OV_ED25519_KEY) == 0)
        return true;
    (void)cloud_say("%s: not the key of the manifest", path);
    return false;
}

static int serve(struct cloud *c, const struct region_files *r,
                 const struct ov_key *key)
{
    struct submit_service s = {
        .signer = {.key = r->keys->receipt_key, .seed = key->seed},
        .n_key_ids = 1,
        .now = service_now,
        .note = service_note,
    };
    AUTO_CONTROL_STORE store = NULL;
    const char *where = cloud_option(c, "store");
    struct ov_diag diag = {.text = ""};
    char blobs[CLOUD_PATH_MAX];
    char state[CLOUD_PATH_MAX];
    char file[CLOUD_PATH_MAX];
    char logged[CLOUD_PATH_MAX];
    uint64_t days;
    int code;

    if (!cloud_path(c, state, "state") ||
        !cloud_path(c, logged, "state/logged") ||
        !service_find_blobs(c, blobs) ||
        !cloud_path(c, file, "state/store.db") ||
        !cloud_number(c, "keep-days", DEFAULT_KEEP_DAYS, &days))
        return CLOUD_FAILED;
    memcpy(s.region, r->keys->region, sizeof(s.region));
    memcpy(s.key_ids[0], r->keys->key_id, sizeof(s.key_ids[0]));
    if (control_store_open(where != NULL ? where : file, s.region, &store,
                           &diag) != OV_OK ||
        make_public(store, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    s.store = store;
    s.blobs = blobs;
    s.logged = logged;
    s.keep_seconds = days * DAY;
    code = run(c, &s, state);
    blob_s3_close();
    ov_buf_done(&s.tops);
    return code;
}

int cmd_submissions(struct cloud *c)
{
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    __attribute__((cleanup(region_files_done))) struct region_files r = {
        .keys = NULL};
    OV_AUTO_DONE(key) key = {.name = ""};

    if (a == NULL || c->n_words != 1)
        return cloud_say("say the region's folder; see --help");
    c->dir = c->words[0];
    if (!region_read(c, a, &r) || !read_key(c, &r, &key))
        return CLOUD_FAILED;
    return serve(c, &r, &key);
}
