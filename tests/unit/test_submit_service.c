/* SPDX-License-Identifier: Apache-2.0 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/programs/cloud/control/blob_folder.h"
#include "../../src/programs/cloud/control/submit_service.h"
#include "base/text.h"
#include "test.h"

/* The whole control plane but for sockets. The database is a file in a folder
 * of the test's own, or what OV_STORE names ("postgres://..."): every test runs
 * on both (tests/e2e/cloud_stores_answer_alike.sh), so each takes a region of
 * its own. */

#define START UINT64_C(1795428000)
#define DAY 86400
#define KEEP (90 * DAY)

static const uint8_t seed[OV_ED25519_SEED] = {1, 2, 3};
static const uint8_t region_key[OV_HPKE_KEY] = {9, 8, 7};
static uint64_t now;

static uint64_t clock_of_test(void)
{
    return now;
}

static char noted[200];

static void note(const char *what, struct ov_span detail)
{
    (void)snprintf(noted, sizeof(noted), "%s: %.*s", what, (int)detail.len,
                   (const char *)detail.ptr);
}

struct place {
    char folder[64];
    char blobs[96];
    char store[128];
    struct submit_service s;
};

/* A region that nobody has had in this database. */
static void new_region(char *ret)
{
    uint8_t random[6];

    assert_int_equal(getrandom(random, sizeof(random), 0), sizeof(random));
    (void)snprintf(ret, OV_REGION_MAX + 1, "t-%02x%02x%02x%02x%02x%02x",
                   random[0], random[1], random[2], random[3], random[4],
                   random[5]);
}

static void open_store(struct place *p)
{
    const char *given = getenv("OV_STORE");
    struct ov_diag diag = {.text = ""};

    (void)snprintf(p->store, sizeof(p->store), "%s",
                   given != NULL ? given : "");
    if (given == NULL)
        (void)snprintf(p->store, sizeof(p->store), "%s/store.db", p->folder);
    if (control_store_open(p->store, p->s.region, &p->s.store, &diag) != OV_OK)
        fail_msg("%s", diag.text);
}

static void set_up(struct place *p, uint64_t max_count, uint64_t max_bytes)
{
    struct control_tenant tenant = {"public", max_count, max_bytes};
    uint8_t public_key[OV_HPKE_KEY];

    *p = (struct place){.folder = "/tmp/overt-submit-XXXXXX"};
    assert_non_null(mkdtemp(p->folder));
    (void)snprintf(p->blobs, sizeof(p->blobs), "%s/blobs", p->folder);
    new_region(p->s.region);
    open_store(p);
    assert_int_equal(control_tenant_put(p->s.store, &tenant, NULL, NULL),
                     OV_OK);
    p->s.blobs = p->blobs;
    p->s.keep_seconds = KEEP;
    p->s.now = clock_of_test;
    p->s.note = note;
    p->s.signer.seed = seed;
    assert_int_equal(ov_ed25519_public(seed, public_key), OV_OK);
    assert_int_equal(ov_vkey_make("receipts.example", OV_NOTE_ED25519,
                                  public_key, &p->s.signer.key),
                     OV_OK);
    assert_int_equal(ov_hpke_public(region_key, public_key), OV_OK);
    assert_int_equal(ov_envelope_key_id(public_key, p->s.key_ids[0]), OV_OK);
    p->s.n_key_ids = 1;
    now = START;
}

static size_t n_files;

static int count_file(const char *path, const struct stat *st, int type,
                      struct FTW *where)
{
    (void)path;
    (void)st;
    (void)where;
    n_files += type == FTW_F;
    return 0;
}

static int remove_file(const char *path, const struct stat *st, int type,
                       struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

/* 0 if there is no folder, too. */
static size_t count_blobs(const struct place *p)
{
    n_files = 0;
    (void)nftw(p->blobs, count_file, 8, FTW_PHYS);
    return n_files;
}

static void tear_down(struct place *p)
{
    ov_buf_done(&p->s.tops);
    control_store_free(p->s.store);
    assert_int_equal(nftw(p->folder, remove_file, 8, FTW_PHYS | FTW_DEPTH), 0);
}

static void seal(struct ov_buf *b, const char *region, uint8_t number,
                 const char *text)
{
    struct ov_envelope_head head = {.purpose = OV_PURPOSE_SAMPLE,
                                    .name = {number}};
    uint8_t public_key[OV_HPKE_KEY];
    uint8_t ephemeral[OV_HPKE_KEY];
    struct ov_hpke_to to = {public_key, ephemeral};

    assert_int_equal(getrandom(ephemeral, sizeof(ephemeral), 0),
                     sizeof(ephemeral));
    (void)snprintf(head.region, sizeof(head.region), "%s", region);
    assert_int_equal(ov_hpke_public(region_key, public_key), OV_OK);
    ov_buf_clear(b);
    assert_int_equal(
        ov_put_envelope(b, &head, &to, OV_SPAN_LIT("note"), ov_span_str(text)),
        OV_OK);
}

/* number: the first byte of the name. */
static unsigned ask(struct place *p, const char *method, uint8_t number,
                    const char *behind, struct ov_span body,
                    struct ov_buf *answer)
{
    char path[200];
    struct ov_http_request request = {.method = ov_span_str(method),
                                      .body = body};
    struct ov_http_answer a = {.body = ov_buf_with_max((size_t)1 << 20)};

    (void)snprintf(path, sizeof(path),
                   "/v1/submissions/%02x000000000000000000000000000000%s",
                   number, behind);
    request.path = ov_span_str(path);
    submit_service_handle(&p->s, &request, &a);
    assert_int_equal(ov_buf_status(&a.body), OV_OK);
    if (answer != NULL) {
        ov_buf_clear(answer);
        ov_put_span(answer, ov_buf_span(&a.body));
    }
    ov_buf_done(&a.body);
    return a.code;
}

static unsigned post(struct place *p, uint8_t number, const struct ov_buf *b,
                     struct ov_buf *answer)
{
    return ask(p, "POST", number, "", ov_buf_span(b), answer);
}

static uint64_t root_of_log(struct place *p, uint8_t ret[static 32])
{
    struct ov_http_request request = {.method = OV_SPAN_LIT("GET"),
                                      .path =
                                          OV_SPAN_LIT("/v1/submissions-log")};
    struct ov_http_answer a = {.body = ov_buf_with_max(4096)};
    struct ov_span text;
    struct ov_span line;
    uint64_t size = 0;

    submit_service_handle(&p->s, &request, &a);
    assert_int_equal(a.code, 200);
    text = ov_buf_span(&a.body);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(ov_span_cut(&text, '\n', &line));
        if (i == 2)
            assert_true(ov_parse_uint(ov_span_clip(line, 5, 99), 1000, &size));
        if (i == 3)
            assert_true(ov_hex_decode(ov_span_clip(line, 5, 99), ret, 32));
    }
    ov_buf_done(&a.body);
    return size;
}

static void what_is_sent_is_kept_and_receipted(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_buf answer = ov_buf_with_max(4096);
    struct ov_buf stored = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct control_submission row;
    struct blob_name blob;
    struct ov_receipt r;
    struct place p;
    uint8_t digest[32];
    uint8_t root[32];
    uint8_t leaf[32];

    (void)state;
    set_up(&p, 20, 1 << 20);
    seal(&b, p.s.region, 1, "bytes");
    assert_int_equal(post(&p, 1, &b, &answer), 201);
    assert_int_equal(
        ov_receipt_verify(ov_buf_span(&answer), &p.s.signer.key, &r, NULL),
        OV_OK);
    assert_int_equal(ov_digest(OV_SHA256, ov_buf_span(&b), digest), OV_OK);
    assert_memory_equal(r.envelope, digest, sizeof(digest));
    assert_string_equal(r.region, p.s.region);
    assert_true(r.index == 0 && r.keep_until == START + KEEP);
    /* Its leaf is the log. */
    assert_true(root_of_log(&p, root) == 1);
    assert_int_equal(ov_receipt_leaf(&r, leaf), OV_OK);
    assert_memory_equal(root, leaf, sizeof(leaf));
    /* The bytes are there, under their key. */
    assert_int_equal(
        control_submission_get(p.s.store, r.name, &row, NULL, NULL), OV_OK);
    memcpy(blob.digest, row.blob, sizeof(blob.digest));
    memcpy(blob.key, row.blob_key, sizeof(blob.key));
    assert_int_equal(blob_get(p.blobs, &blob, &stored, NULL), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&stored), ov_buf_span(&b)));
    blob.key[0] ^= 1;
    assert_int_equal(blob_get(p.blobs, &blob, &stored, NULL), OV_BAD_PROOF);
    ov_buf_done(&b);
    ov_buf_done(&answer);
    ov_buf_done(&stored);
    tear_down(&p);
}

static void a_replay_gets_the_same_receipt(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_buf first = ov_buf_with_max(4096);
    struct ov_buf again = ov_buf_with_max(4096);
    struct place p;
    uint8_t root[32];

    (void)state;
    set_up(&p, 2, 1 << 20);
    seal(&b, p.s.region, 1, "bytes");
    assert_int_equal(post(&p, 1, &b, &first), 201);
    for (unsigned i = 0; i < 5; i++) {
        now += DAY / 10;
        assert_int_equal(post(&p, 1, &b, &again), 200);
        assert_true(ov_span_equal(ov_buf_span(&first), ov_buf_span(&again)));
    }
    assert_true(root_of_log(&p, root) == 1);
    /* Other bytes under its name, and its bytes under another name. */
    seal(&b, p.s.region, 1, "other");
    assert_int_equal(post(&p, 1, &b, NULL), 409);
    assert_int_equal(post(&p, 2, &b, NULL), 400);
    seal(&b, p.s.region, 2, "bytes");
    assert_int_equal(post(&p, 2, &b, NULL), 201);
    ov_buf_done(&b);
    ov_buf_done(&first);
    ov_buf_done(&again);
    tear_down(&p);
}

static void another_region_is_refused(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct place p;
    uint8_t root[32];

    (void)state;
    set_up(&p, 20, 1 << 20);
    seal(&b, "us", 1, "bytes");
    assert_int_equal(post(&p, 1, &b, NULL), 421);
    assert_string_equal(noted, "refused an envelope for another region: us");
    p.s.key_ids[0][0] ^= 1;
    seal(&b, p.s.region, 1, "bytes");
    assert_int_equal(post(&p, 1, &b, NULL), 422);
    assert_true(root_of_log(&p, root) == 0);
    assert_int_equal(count_blobs(&p), 0); /* nothing was written */
    ov_buf_done(&b);
    tear_down(&p);
}

/* The proof that a page has, checked. */
static enum ov_status check_place(struct place *p, const uint8_t *leaf,
                                  unsigned index, unsigned size)
{
    struct ov_http_request request = {.method = OV_SPAN_LIT("GET")};
    struct ov_http_answer a = {.body = ov_buf_with_max(8192)};
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    uint8_t root[32];
    struct ov_span text;
    struct ov_span line;
    enum ov_status status;
    char path[64];
    size_t n = 0;

    assert_true(root_of_log(p, root) == size);
    (void)snprintf(path, sizeof(path), "/v1/submissions-log/%u/%u", index,
                   size);
    request.path = ov_span_str(path);
    submit_service_handle(&p->s, &request, &a);
    assert_int_equal(a.code, 200);
    text = ov_buf_span(&a.body);
    while (ov_span_cut(&text, '\n', &line))
        assert_true(ov_hex_decode(line, proof[n++], OV_MERKLE_HASH));
    status = ov_merkle_check_inclusion(leaf, index, size, proof, n, root);
    ov_buf_done(&a.body);
    return status;
}

#define N_RECEIPTS 135U /* more than two groups of receipts_page.c */

static void receipts_are_proven_to_the_root(void **state)
{
    static uint8_t leaves[N_RECEIPTS][32];
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_buf answer = ov_buf_with_max(4096);
    struct ov_receipt r;
    struct place p;

    (void)state;
    set_up(&p, N_RECEIPTS, 1 << 24);
    for (unsigned i = 0; i < N_RECEIPTS; i++) {
        seal(&b, p.s.region, (uint8_t)i, "bytes");
        assert_int_equal(post(&p, (uint8_t)i, &b, &answer), 201);
        assert_int_equal(
            ov_receipt_verify(ov_buf_span(&answer), &p.s.signer.key, &r, NULL),
            OV_OK);
        assert_true(r.index == i);
        assert_int_equal(ov_receipt_leaf(&r, leaves[i]), OV_OK);
        if (i == 0 || i == 63 || i == 64 || i == N_RECEIPTS - 1)
            assert_int_equal(check_place(&p, leaves[i], i, i + 1), OV_OK);
    }
    for (unsigned i = 0; i < N_RECEIPTS; i += 7)
        assert_int_equal(check_place(&p, leaves[i], i, N_RECEIPTS), OV_OK);
    assert_int_equal(check_place(&p, leaves[1], 0, N_RECEIPTS), OV_BAD_PROOF);
    ov_buf_done(&b);
    ov_buf_done(&answer);
    tear_down(&p);
}

static void malformed_ones_are_refused(void **state)
{
    struct ov_buf b = ov_buf_with_max(2 * OV_ENVELOPE_MAX);
    struct place p;

    (void)state;
    set_up(&p, 20, 1 << 20);
    assert_int_equal(post(&p, 1, &b, NULL), 400);
    seal(&b, p.s.region, 1, "bytes");
    b.len--;
    assert_int_equal(post(&p, 1, &b, NULL), 400);
    b.len++;
    b.ptr[0] = 'X';
    assert_int_equal(post(&p, 1, &b, NULL), 400);
    assert_int_equal(ask(&p, "PUT", 1, "", ov_buf_span(&b), NULL), 405);
    assert_int_equal(ask(&p, "POST", 1, "/", ov_buf_span(&b), NULL), 404);
    assert_int_equal(ask(&p, "POST", 1, "0", ov_buf_span(&b), NULL), 404);
    assert_int_equal(ask(&p, "GET", 1, "", ov_buf_span(&b), NULL), 404);
    assert_int_equal(count_blobs(&p), 0);
    ov_buf_done(&b);
    tear_down(&p);
}

static void quotas_hold_for_a_day(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct control_tenant other = {"other", 1, 1 << 20};
    struct control_tenant have;
    struct place p;

    (void)state;
    set_up(&p, 3, 8192 + 4096 - 1);
    for (uint8_t i = 1; i <= 2; i++) {
        seal(&b, p.s.region, i, "bytes");
        assert_int_equal(post(&p, i, &b, NULL), 201);
    }
    seal(&b, p.s.region, 3, "bytes"); /* bytes */
    assert_int_equal(post(&p, 3, &b, NULL), 429);
    assert_int_equal(count_blobs(&p), 2);
    now += DAY;
    assert_int_equal(post(&p, 3, &b, NULL), 201);
    assert_int_equal(control_tenant_put(p.s.store, &other, "token", NULL),
                     OV_OK);
    assert_int_equal(
        control_tenant_get(p.s.store, OV_SPAN_LIT("token"), &have, NULL),
        OV_OK);
    assert_string_equal(have.name, "other");
    assert_int_equal(
        control_tenant_get(p.s.store, OV_SPAN_LIT("tokem"), &have, NULL),
        OV_NOT_FOUND);
    ov_buf_done(&b);
    tear_down(&p);
}

static void a_deletion_takes_key_and_bytes(void **state)
{
    static const uint8_t zeros[32];
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_buf answer = ov_buf_with_max(8192);
    struct ov_buf again = ov_buf_with_max(8192);
    struct control_submission row;
    struct ov_receipt r;
    struct place p;
    uint8_t root[32];

    (void)state;
    set_up(&p, 20, 1 << 20);
    seal(&b, p.s.region, 1, "bytes");
    assert_int_equal(post(&p, 1, &b, NULL), 201);
    now += 60;
    assert_int_equal(
        ask(&p, "POST", 1, "/delete", ov_span_of(NULL, 0), &answer), 201);
    assert_int_equal(
        ov_receipt_verify(ov_buf_span(&answer), &p.s.signer.key, &r, NULL),
        OV_OK);
    assert_int_equal(r.kind, OV_RECEIPT_DELETION);
    assert_true(r.index == 1 && r.time == START + 60);
    assert_int_equal(ask(&p, "POST", 1, "/delete", ov_span_of(NULL, 0), &again),
                     200);
    assert_true(ov_span_equal(ov_buf_span(&answer), ov_buf_span(&again)));
    assert_int_equal(count_blobs(&p), 0);
    assert_int_equal(
        control_submission_get(p.s.store, r.name, &row, NULL, NULL), OV_OK);
    assert_true(row.is_deleted);
    assert_memory_equal(row.blob_key, zeros, sizeof(zeros));
    assert_true(root_of_log(&p, root) == 2);
    assert_int_equal(ask(&p, "POST", 2, "/delete", ov_span_of(NULL, 0), NULL),
                     404);
    /* Both receipts are told; what was deleted does not come back. */
    assert_int_equal(ask(&p, "GET", 1, "", ov_span_of(NULL, 0), &answer), 200);
    assert_int_not_equal(
        ov_span_find(ov_buf_span(&answer), OV_SPAN_LIT("kind deletion"), 0),
        SIZE_MAX);
    assert_int_equal(post(&p, 1, &b, &answer), 410);
    assert_true(ov_span_equal(ov_buf_span(&answer), ov_buf_span(&again)));
    assert_int_equal(count_blobs(&p), 0);
    ov_buf_done(&b);
    ov_buf_done(&answer);
    ov_buf_done(&again);
    tear_down(&p);
}

static void time_deletes_too(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct place p;
    uint64_t n = 0;

    (void)state;
    set_up(&p, 20, 1 << 20);
    for (uint8_t i = 1; i <= 3; i++) {
        seal(&b, p.s.region, i, "bytes");
        assert_int_equal(post(&p, i, &b, NULL), 201);
        now += DAY;
    }
    now = START + KEEP + DAY;
    assert_int_equal(submit_service_expire(&p.s, &n, NULL), OV_OK);
    assert_true(n == 2);
    assert_int_equal(count_blobs(&p), 1);
    assert_int_equal(submit_service_expire(&p.s, &n, NULL), OV_OK);
    assert_true(n == 0);
    ov_buf_done(&b);
    tear_down(&p);
}

/* Many at once are deleted some a turn. */
static void few_are_deleted_in_a_turn(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct place p;
    uint64_t n = 0;

    (void)state;
    set_up(&p, 20, 1 << 20);
    for (uint8_t i = 1; i <= SUBMIT_EXPIRE_MAX + 2; i++) {
        seal(&b, p.s.region, i, "bytes");
        assert_int_equal(post(&p, i, &b, NULL), 201);
    }
    now = START + KEEP;
    assert_int_equal(submit_service_expire(&p.s, &n, NULL), OV_OK);
    assert_true(n == SUBMIT_EXPIRE_MAX);
    assert_int_equal(count_blobs(&p), 2);
    assert_int_equal(submit_service_expire(&p.s, &n, NULL), OV_OK);
    assert_true(n == 2);
    ov_buf_done(&b);
    tear_down(&p);
}

/* The folder for blobs is a file: nothing can be written. */
static void what_is_refused_or_known_is_not_written(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_buf c = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct place p;
    char away[128];
    FILE *file;

    (void)state;
    set_up(&p, 1, 1 << 20);
    seal(&b, p.s.region, 1, "bytes");
    assert_int_equal(post(&p, 1, &b, NULL), 201);
    (void)snprintf(away, sizeof(away), "%s-away", p.blobs);
    assert_int_equal(rename(p.blobs, away), 0);
    file = fopen(p.blobs, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(post(&p, 1, &b, NULL), 200);
    seal(&c, p.s.region, 1, "other");
    assert_int_equal(post(&p, 1, &c, NULL), 409);
    seal(&c, p.s.region, 2, "other");
    assert_int_equal(post(&p, 2, &c, NULL), 429);
    /* What would be taken is not. */
    now += DAY;
    assert_int_equal(post(&p, 2, &c, NULL), 503);
    assert_int_equal(unlink(p.blobs), 0);
    assert_int_equal(rename(away, p.blobs), 0);
    assert_int_equal(post(&p, 2, &c, NULL), 201);
    ov_buf_done(&b);
    ov_buf_done(&c);
    tear_down(&p);
}

static void files_without_a_row_are_swept(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct blob_name orphan;
    struct place p;
    uint64_t n = 9;

    (void)state;
    set_up(&p, 20, 1 << 20);
    assert_int_equal(submit_service_sweep(&p.s, &n, NULL), OV_OK);
    assert_true(n == 0); /* no folder yet */
    seal(&b, p.s.region, 1, "bytes");
    assert_int_equal(post(&p, 1, &b, NULL), 201);
    assert_int_equal(
        blob_put(p.blobs, OV_SPAN_LIT("left behind"), &orphan, NULL), OV_OK);
    now = 0; /* they are too young */
    assert_int_equal(submit_service_sweep(&p.s, &n, NULL), OV_OK);
    assert_true(n == 0);
    now = UINT64_MAX;
    assert_int_equal(submit_service_sweep(&p.s, &n, NULL), OV_OK);
    assert_true(n == 1);
    assert_int_equal(count_blobs(&p), 1);
    assert_int_equal(submit_service_sweep(&p.s, &n, NULL), OV_OK);
    assert_true(n == 0);
    ov_buf_done(&b);
    tear_down(&p);
}

static void only_envelopes_of_tenants_have_bytes(void **state)
{
    struct ov_http_request head = {
        .method = OV_SPAN_LIT("POST"),
        .path =
            OV_SPAN_LIT("/v1/submissions/01000000000000000000000000000000")};
    struct place p;
    size_t max = 1;

    (void)state;
    set_up(&p, 20, 1 << 20);
    assert_int_equal(submit_service_admit(&p.s, &head, &max), 0);
    assert_true(max == OV_ENVELOPE_MAX);
    head.token = OV_SPAN_LIT("nobody's");
    assert_int_equal(submit_service_admit(&p.s, &head, &max), 401);
    assert_true(max == 0);
    head.path = OV_SPAN_LIT("/v1/submissions-log");
    max = 1;
    assert_int_equal(submit_service_admit(&p.s, &head, &max), 0);
    assert_true(max == 0);
    tear_down(&p);
}

static void regions_share_a_database_and_nothing_else(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct control_store *other = NULL;
    struct control_submission row;
    struct place p;
    uint8_t name[OV_ENVELOPE_NAME] = {1};
    char region[OV_REGION_MAX + 1];
    uint64_t size = 9;

    (void)state;
    set_up(&p, 20, 1 << 20);
    seal(&b, p.s.region, 1, "bytes");
    assert_int_equal(post(&p, 1, &b, NULL), 201);
    new_region(region);
    assert_int_equal(control_store_open(p.store, region, &other, NULL), OV_OK);
    assert_int_equal(control_submission_get(other, name, &row, NULL, NULL),
                     OV_NOT_FOUND);
    assert_int_equal(control_submission_next(other, 0, &row, NULL),
                     OV_NOT_FOUND);
    assert_int_equal(control_log_size(other, &size, NULL), OV_OK);
    assert_true(size == 0);
    control_store_free(other);
    ov_buf_done(&b);
    tear_down(&p);
}

/* What was acknowledged is there after the store was opened anew; two nodes see
 * one log. */
static void nodes_and_restarts_see_one_log(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct place p;
    struct place q;
    uint8_t root[32];
    uint8_t same[32];

    (void)state;
    set_up(&p, 20, 1 << 20);
    q = p;
    open_store(&q);
    for (uint8_t i = 1; i <= 6; i++) {
        seal(&b, p.s.region, i, "bytes");
        assert_int_equal(post(i % 2 == 0 ? &p : &q, i, &b, NULL), 201);
    }
    assert_true(root_of_log(&p, root) == 6);
    assert_true(root_of_log(&q, same) == 6);
    assert_memory_equal(root, same, sizeof(root));
    control_store_free(q.s.store);
    control_store_free(p.s.store);
    memset(&p.s.log, 0, sizeof(p.s.log));
    open_store(&p);
    assert_true(root_of_log(&p, same) == 6);
    assert_memory_equal(root, same, sizeof(root));
    ov_buf_done(&b);
    tear_down(&p);
}

static void tokens_tell_tenants(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct control_tenant other = {"other", 1, 1 << 20};
    struct ov_http_answer a = {.body = ov_buf_with_max(8192)};
    struct ov_http_request request = {
        .method = OV_SPAN_LIT("POST"),
        .path =
            OV_SPAN_LIT("/v1/submissions/01000000000000000000000000000000")};
    struct place p;

    (void)state;
    set_up(&p, 0, 0);
    seal(&b, p.s.region, 1, "bytes");
    request.body = ov_buf_span(&b);
    submit_service_handle(&p.s, &request, &a);
    assert_int_equal(a.code, 429);
    request.token = OV_SPAN_LIT("secret");
    submit_service_handle(&p.s, &request, &a);
    assert_int_equal(a.code, 401);
    assert_int_equal(control_tenant_put(p.s.store, &other, "secret", NULL),
                     OV_OK);
    ov_buf_clear(&a.body);
    submit_service_handle(&p.s, &request, &a);
    assert_int_equal(a.code, 201);
    ov_buf_done(&a.body);
    ov_buf_done(&b);
    tear_down(&p);
}

OV_TEST_MAIN(OV_TEST(what_is_sent_is_kept_and_receipted),
             OV_TEST(a_replay_gets_the_same_receipt),
             OV_TEST(another_region_is_refused),
             OV_TEST(receipts_are_proven_to_the_root),
             OV_TEST(malformed_ones_are_refused),
             OV_TEST(quotas_hold_for_a_day),
             OV_TEST(a_deletion_takes_key_and_bytes), OV_TEST(time_deletes_too),
             OV_TEST(few_are_deleted_in_a_turn),
             OV_TEST(what_is_refused_or_known_is_not_written),
             OV_TEST(files_without_a_row_are_swept),
             OV_TEST(only_envelopes_of_tenants_have_bytes),
             OV_TEST(regions_share_a_database_and_nothing_else),
             OV_TEST(nodes_and_restarts_see_one_log),
             OV_TEST(tokens_tell_tenants))
