/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "intel/stix_time.h"
#include "service_run.h"
#include "sys/fd.h"
#include "sys/http_server.h"
#include "sys/notify.h"
#include "taxii_pages.h"

/*
 * overt-cloud taxii DIR: what overt-cloud intel has published, by TAXII 2.1
 * (OASIS standard, 10 June 2021). One thread; before the first byte comes in
 * the process can read the published files, and do nothing else with files. All
 * that it sends of objects are bytes of bundles whose digests are in the tree.
 *
 * One API root, which everybody may read and nobody write: no accounts, no
 * state. TLS, which TAXII wants, is a proxy's.
 */

#define LISTEN "127.0.0.1:8486"
#define IDLE_SECONDS 30
#define MAX_CONNECTIONS 512
#define MAX_BODY ((size_t)64 << 10) /* of what is refused anyway */
#define MAX_BODIES ((size_t)4 << 20)
#define MAX_ANSWER ((size_t)16 << 20)
#define WAKE_MILLISECONDS 1000
#define FRESH_SECONDS 60

static const struct collection {
    const char *title;
    const char *description;
} collections[] = {

#define INTEL_COLLECTION(id, name, title, description) {title, description},
#include "intel_collection.def"
#undef INTEL_COLLECTION
};

struct taxii {
    struct taxii_store *store;
    struct ov_span name; /* the cloud's */
    struct ov_uuid ids[INTEL_N_COLLECTIONS];
    struct taxii_page page;
};

/* ---- errors ---- */

static void refuse(struct ov_http_answer *a, unsigned code, const char *title)
{
    ov_buf_clear(&a->body);
    a->code = code;
    a->max_age = 0;
    ov_put_str(&a->body, "{\"title\":\"");
    ov_put_json(&a->body, ov_span_str(title));
    ov_put_format(&a->body, "\",\"http_status\":\"%u\"}\n", code);
}

static void refuse_status(struct ov_http_answer *a, enum ov_status s)
{
    if (s == OV_LIMIT_SIZE)
        refuse(a, 413, "That is too much for one answer");
    else if (s == OV_NOT_FOUND)
        refuse(a, 503, "Nothing is published yet, or it changes just now");
    else
        refuse(a, 500, "What is published cannot be read");
}

/* ---- what there is ---- */

static void put_discovery(const struct taxii *t, struct ov_buf *b)
{
    ov_put_str(b, "{\"title\":\"");
    ov_put_json(b, t->name);
    ov_put_str(b, "\",\"description\":\"What this publisher knows of files, "
                  "the same to everybody\",\"default\":\"" OV_TAXII_ROOT
                  "\",\"api_roots\":[\"" OV_TAXII_ROOT "\"]}\n");
}

static void put_api_root(const struct taxii *t, struct ov_buf *b)
{
    ov_put_str(b, "{\"title\":\"");
    ov_put_json(b, t->name);
    ov_put_format(b,
                  "\",\"versions\":[\"" OV_TAXII_MEDIA
                  "\"],\"max_content_length\":%zu}\n",
                  MAX_BODY);
}

static void put_collection(const struct taxii *t, struct ov_buf *b, unsigned c)
{
    ov_put_str(b, "{\"id\":\"");
    ov_put_uuid(b, &t->ids[c]);
    ov_put_format(b,
                  "\",\"title\":\"%s\",\"description\":\"%s\","
                  "\"alias\":\"%s\",\"can_read\":true,\"can_write\":false,"
                  "\"media_types\":[\"" OV_TAXII_STIX_MEDIA "\"]}",
                  collections[c].title, collections[c].description,
                  intel_collection_name((enum intel_collection)c));
}

static void put_collections(const struct taxii *t, struct ov_buf *b)
{
    ov_put_str(b, "{\"collections\":[");
    for (unsigned c = 0; c < INTEL_N_COLLECTIONS; c++) {
        if (c > 0)
            ov_put_u8(b, ',');
        put_collection(t, b, c);
    }
    ov_put_str(b, "]}\n");
}

/* By its id or its alias. */
static bool find_collection(const struct taxii *t, struct ov_span name,
                            enum intel_collection *ret)
{
    struct ov_uuid id;
    bool is_id = ov_uuid_parse(name, &id);

    for (unsigned c = 0; c < INTEL_N_COLLECTIONS; c++) {
        enum intel_collection one = (enum intel_collection)c;

        if (ov_span_equal(name, ov_span_str(intel_collection_name(one))) ||
            (is_id && memcmp(&id, &t->ids[c], sizeof(id)) == 0)) {
            *ret = one;
            return true;
        }
    }
    return false;
}

/* ---- pages ---- */

static void put_version(struct ov_buf *b, const struct ov_intel_record *r)
{
    ov_put_u8(b, '"');
    if (r->version == r->added)
        ov_put_taxii_time(b, r->version); /* it has none of its own */
    else
        ov_put_stix_time(b, r->version);
    ov_put_u8(b, '"');
}

static void put_entry(struct ov_buf *b, const struct ov_intel_record *r)
{
    ov_put_format(b, "{\"id\":\"%s--", ov_stix_type_name(r->type));
    ov_put_uuid(b, &r->id);
    ov_put_str(b, "\",\"date_added\":\"");
    ov_put_taxii_time(b, r->added);
    ov_put_str(b, "\",\"version\":");
    put_version(b, r);
    ov_put_str(b, ",\"media_type\":\"" OV_TAXII_STIX_MEDIA "\"}");
}

static void put_header(struct ov_http_header *h, const char *name,
                       uint64_t time)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(sizeof(h->value));

    ov_put_taxii_time(&b, time);
    if (ov_buf_status(&b) != OV_OK || b.len >= sizeof(h->value))
        return;
    h->name = name;
    memcpy(h->value, b.ptr, b.len);
    h->value[b.len] = '\0';
}

static enum ov_status put_items(struct taxii *t, enum ov_taxii_what what,
                                struct ov_buf *b)
{
    for (size_t i = 0; i < t->page.n; i++) {
        const struct ov_intel_record *r = &t->page.all[i];

        if (i > 0)
            ov_put_str(b, ",\n");
        if (what == OV_TAXII_VERSIONS)
            put_version(b, r);
        else if (what == OV_TAXII_MANIFEST)
            put_entry(b, r);
        else
            OV_TRY(taxii_store_put(t->store, r, b));
    }
    return ov_buf_status(b);
}

/* Empty lists are left out, as TAXII wants. */
static void put_page(struct taxii *t, enum ov_taxii_what what,
                     struct ov_http_answer *a)
{
    struct ov_buf *b = &a->body;
    enum ov_status s;

    ov_put_format(b, "{\"more\":%s", t->page.has_more ? "true" : "false");
    if (t->page.has_more)
        ov_put_format(b, ",\"next\":\"%llu\"",
                      (unsigned long long)t->page.next);
    if (t->page.n > 0) {
        ov_put_format(b, ",\"%s\":[\n",
                      what == OV_TAXII_VERSIONS ? "versions" : "objects");
        s = put_items(t, what, b);
        if (s != OV_OK) {
            refuse_status(a, s);
            return;
        }
        ov_put_u8(b, ']');
        put_header(&a->headers[0], "X-TAXII-Date-Added-First",
                   t->page.all[0].added);
        put_header(&a->headers[1], "X-TAXII-Date-Added-Last",
                   t->page.all[t->page.n - 1].added);
    }
    ov_put_str(b, "}\n");
}

static bool read_query(const struct ov_http_request *r,
                       struct ov_taxii_query *q, struct ov_http_answer *a)
{
    if (r->n_query > OV_HTTP_QUERY_MAX) {
        refuse(a, 400, "There are too many parameters");
        return false;
    }
    for (size_t i = 0; i < r->n_query; i++) {
        enum ov_status s =
            ov_taxii_query_add(q, r->query[i].name, r->query[i].value);

        if (s == OV_OK)
            continue;
        refuse(a, 400,
               s == OV_UNSUPPORTED  ? "There is no such filter here"
               : s == OV_LIMIT_SIZE ? "The filter has too many values"
                                    : "A parameter has a wrong value");
        return false;
    }
    return true;
}

static void answer_page(struct taxii *t, const struct ov_http_request *r,
                        const struct ov_taxii_path *path,
                        struct ov_http_answer *a)
{
    OV_AUTO_PTR struct ov_taxii_query *q = ov_alloc(sizeof(*q));
    bool is_one =
        path->what == OV_TAXII_OBJECT || path->what == OV_TAXII_VERSIONS;
    enum intel_collection c;
    enum ov_status s;

    if (q == NULL) {
        refuse(a, 503, "Out of memory");
        return;
    }
    if (!find_collection(t, path->collection, &c)) {
        refuse(a, 404, "There is no such collection");
        return;
    }
    if (!read_query(r, q, a))
        return;
    if (is_one) {
        q->has_ids = true;
        q->has_types = false;
        q->n_ids = ov_taxii_id_parse(path->object, &q->ids[0]) ? 1 : 0;
    }
    if (path->what == OV_TAXII_VERSIONS && !q->has_versions)
        q->is_all = q->has_versions = true;
    s = taxii_store_turn(t->store);
    if (s == OV_OK)
        s = taxii_store_find(t->store, c, q, &t->page);
    if (s != OV_OK)
        refuse_status(a, s);
    else if (is_one && !t->page.is_known)
        refuse(a, 404, "There is no such object in this collection");
    else
        put_page(t, path->what, a);
}

/* ---- requests ---- */

static bool is_method_fine(const struct ov_http_request *r,
                           const struct ov_taxii_path *path,
                           struct ov_http_answer *a)
{
    bool is_get = ov_span_equal(r->method, OV_SPAN_LIT("GET")) ||
                  ov_span_equal(r->method, OV_SPAN_LIT("HEAD"));
    bool is_write = (path->what == OV_TAXII_OBJECTS &&
                     ov_span_equal(r->method, OV_SPAN_LIT("POST"))) ||
                    (path->what == OV_TAXII_OBJECT &&
                     ov_span_equal(r->method, OV_SPAN_LIT("DELETE")));

    if (is_get)
        return true;
    if (is_write)
        refuse(a, 403, "Nobody can write here");
    else
        refuse(a, 405, "There is no such method");
    return false;
}

static void answer_fine(struct taxii *t, const struct ov_http_request *r,
                        const struct ov_taxii_path *path,
                        struct ov_http_answer *a)
{
    enum intel_collection c;

    switch (path->what) {
    case OV_TAXII_DISCOVERY:
        put_discovery(t, &a->body);
        break;
    case OV_TAXII_API_ROOT:
        put_api_root(t, &a->body);
        break;
    case OV_TAXII_STATUS:
        refuse(a, 404, "There is no such status");
        break;
    case OV_TAXII_COLLECTIONS:
        put_collections(t, &a->body);
        break;
    case OV_TAXII_COLLECTION:
        if (!find_collection(t, path->collection, &c)) {
            refuse(a, 404, "There is no such collection");
            break;
        }
        put_collection(t, &a->body, c);
        ov_put_u8(&a->body, '\n');
        break;
    case OV_TAXII_MANIFEST:
    case OV_TAXII_OBJECTS:
    case OV_TAXII_OBJECT:
    case OV_TAXII_VERSIONS:
        answer_page(t, r, path, a);
        break;
    }
}

static void handle(void *data, const struct ov_http_request *r,
                   struct ov_http_answer *a)
{
    struct taxii *t = data;
    struct ov_taxii_path path;

    a->code = 200;
    a->type = OV_TAXII_MEDIA;
    a->max_age = FRESH_SECONDS;
    if (!ov_taxii_path_parse(r->path, &path))
        refuse(a, 404, "There is nothing here; all paths end with a slash");
    else if (!ov_taxii_is_acceptable(r->accept))
        refuse(a, 406, "Accept must have " OV_TAXII_MEDIA);
    else if (is_method_fine(r, &path, a))
        answer_fine(t, r, &path, a);
    if (ov_buf_status(&a->body) != OV_OK)
        refuse(a, 503, "Out of memory");
}

/* ---- running ---- */

static bool enter_jail(const struct cloud *c)
{
    char indexes[CLOUD_PATH_MAX];
    char tree[CLOUD_PATH_MAX];
    const char *const read[] = {indexes, tree};
    const struct ov_landlock_places places = {.read = read, .n_read = 2};

    return cloud_path(c, indexes, "intel") &&
           cloud_path(c, tree, "tree/intel") && service_jail(&places);
}

/* TAXII wants ids of version 4: these have its form, and stay the same. */
static bool make_ids(const struct cloud *c, struct taxii *t)
{
    struct ov_stix_producer p;

    t->name = ov_span_str(c->name);
    if (ov_stix_producer_init(t->name, 0, &p) != OV_OK)
        return false;
    for (unsigned i = 0; i < INTEL_N_COLLECTIONS; i++) {
        OV_AUTO_DONE(buf) name = ov_buf_with_max(128);

        ov_put_format(&name, "collection %s",
                      intel_collection_name((enum intel_collection)i));
        if (ov_buf_status(&name) != OV_OK ||
            ov_uuid_v5(&p.space, ov_buf_span(&name), &t->ids[i]) != OV_OK)
            return false;
        t->ids[i].bytes[6] = (uint8_t)((t->ids[i].bytes[6] & 0x0f) | 0x40);
    }
    return true;
}

static int run(const struct cloud *c, struct taxii *t)
{
    const char *listen = cloud_option(c, "listen");
    const struct ov_http_options options = {.listen = listen != NULL ? listen
                                                                     : LISTEN,
                                            .max_body = MAX_BODY,
                                            .max_bodies = MAX_BODIES,
                                            .max_answer = MAX_ANSWER,
                                            .max_connections = MAX_CONNECTIONS,
                                            .idle_seconds = IDLE_SECONDS,
                                            .data = t,
                                            .handle = handle};
    OV_AUTO(http_server) s = NULL;
    struct ov_diag diag = {0};

    if (ov_http_server_new(&options, &s, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    if (!service_catch_signals() || !enter_jail(c))
        return CLOUD_FAILED;
    (void)printf("listening on port %u\n", ov_http_server_port(s));
    (void)fflush(stdout); /* who waits for it must see it */
    ov_notify("READY=1");
    while (!ov_serving_is_ended()) {
        if (ov_http_server_run(s, WAKE_MILLISECONDS) != OV_OK &&
            !ov_serving_is_ended())
            return cloud_say("the HTTP server is broken");
    }
    return CLOUD_OK;
}

int cmd_taxii(struct cloud *c)
{
    OV_AUTO_PTR struct taxii *t = ov_alloc(sizeof(*t));
    OV_AUTO_FD dir = -1;
    int code;

    if (t == NULL)
        return cloud_say("out of memory");
    if (!cloud_open(c, 0))
        return CLOUD_FAILED;
    dir = open(c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return cloud_say("%s: %s", c->dir, strerror(errno));
    t->store = taxii_store_new(dir);
    if (t->store == NULL || !make_ids(c, t))
        code = cloud_say("out of memory");
    else if (taxii_store_turn(t->store) != OV_OK)
        code = cloud_say("%s: nothing is published; overt-cloud intel does it",
                         c->dir);
    else
        code = run(c, t);
    taxii_store_free(t->store);
    return code;
}
