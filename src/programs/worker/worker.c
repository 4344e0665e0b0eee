/* SPDX-License-Identifier: Apache-2.0 */

/* overt-worker: scans one hostile file after the other and has nothing else.
 *
 * It jails itself, says so, gets the rule images, and from then on a descriptor
 * for each task. The parent keeps several tasks queued in the socket, so that
 * neither ever waits for the other. Findings go back as they come, an outcome
 * ends each task, in the order of tasks: when this process dies, the parent
 * knows that the first task without an outcome is to blame.
 *
 * Files are read into one buffer that is kept, so a small file costs no page
 * fault; above MAP_FROM they are mapped privately. A mapped file that is cut
 * while it is read ends this process (SIGBUS), and that file is inconclusive.
 * Images are mapped shared: one copy for all workers. Between two tasks the
 * parent may take them back and give others. */

#include <malloc.h>
#include <openssl/crypto.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "engine/scan.h"
#include "formats/type.h"
#include "magic_file.h"
#include "rules/image.h"
#include "sys/channel.h"
#include "sys/charset.h"
#include "sys/fd.h"
#include "sys/sandbox.h"
#include "sys/spawn.h"
#include "sys/threads.h"
#include "sys/wire.h"
#include "worker_parts.h"

#define MAP_FROM ((uint64_t)256 << 20)
#define KEEP_BUFFER ((size_t)32 << 20)
#define SHARE_READ_FROM ((size_t)8 << 20)
#define OWN_PAGES_FROM (1 << 20)
#define MAX_SHOWN_BYTES 256
#define CONSOLE_PIECE 60000
#define MAX_SAMPLE ((size_t)8 << 20)
#define HELPERS_NICENESS 10
#define DEFAULT_MAX_OBJECT ((uint64_t)100 << 20)

_Static_assert(OV_WIRE_MAX_IMAGES == OV_MAX_TIERS, "all can be used");

struct worker {
    struct ov_crew *crew; /* never NULL in the jail */
    unsigned n_helpers;
    uint8_t *packet; /* OV_MSG_MAX */
    struct ov_buf out;
    enum ov_peer_state state;
    struct ov_span mapped[OV_WIRE_MAX_IMAGES];
    struct ov_image *images[OV_WIRE_MAX_IMAGES];
    size_t n_images;
    struct ov_scanner *scanner;
    struct ov_scan_options options;
    uint32_t flags;                /* of every scan */
    struct ov_span aids[OV_N_AID]; /* mapped */
    struct magic_file magic;
    uint8_t unwanted[OV_WIRE_MAX_UNWANTED];
    struct ov_buf file; /* reused */
    uint32_t task;
    enum ov_msg batch; /* in out, not posted yet; OV_MSG_NONE: nothing */
    bool is_broken;    /* the parent is gone */
    bool has_sample;   /* one of this task was told */
    struct ov_wire_detection detection;
    struct ov_wire_inconclusive inconclusive;
};

static void post(struct worker *w)
{
    if (ov_msg_end(&w->out) != OV_OK ||
        ov_channel_send(OV_PARENT_FD, &w->out, -1) != OV_OK)
        w->is_broken = true;
}

/* Small things are sent by the message full, and the rest before anything else.
 */
static void post_batch(struct worker *w)
{
    if (w->batch != OV_MSG_NONE)
        post(w);
    w->batch = OV_MSG_NONE;
}

/* Begins a message about the task at hand. */
static void begin(struct worker *w, enum ov_msg type)
{
    post_batch(w);
    ov_msg_begin(&w->out, type, w->task);
}

static void post_failure(struct worker *w, const struct ov_diag *diag)
{
    struct ov_wire_failure f = {.status = (uint32_t)diag->status,
                                .line = diag->line,
                                .text = ov_span_str(diag->text)};

    ov_msg_begin(&w->out, OV_MSG_FAILED, 0);
    ov_wire_put_failure(&w->out, &f);
    post(w);
}

/* The outer and the innermost names if there are too many. */
static void convert_path(const struct ov_object_path *from,
                         struct ov_wire_path *to)
{
    size_t left_out =
        from->n > OV_WIRE_MAX_PATH ? from->n - OV_WIRE_MAX_PATH : 0;
    size_t half = OV_WIRE_MAX_PATH / 2;

    to->n = from->n - left_out;
    for (size_t i = 0; i < to->n; i++)
        to->names[i] = from->names[i < half ? i : i + left_out];
}

static void convert_evidence(const struct ov_detection *from,
                             struct ov_wire_detection *to)
{
    to->n_evidence = from->n_evidence < OV_WIRE_MAX_EVIDENCE
                         ? from->n_evidence
                         : OV_WIRE_MAX_EVIDENCE;
    for (size_t i = 0; i < to->n_evidence; i++) {
        const struct ov_evidence *e = &from->evidence[i];

        to->evidence[i] = (struct ov_wire_evidence){
            e->term,
            e->at,
            e->len,
            ov_span_clip(e->bytes, 0, MAX_SHOWN_BYTES),
            ov_span_str(e->view != NULL ? e->view : ""),
            e->name};
    }
}

static void convert_notes(const struct ov_detection *from,
                          struct ov_wire_detection *to)
{
    to->n_notes =
        from->n_notes < OV_WIRE_MAX_NOTES ? from->n_notes : OV_WIRE_MAX_NOTES;
    for (size_t i = 0; i < to->n_notes; i++)
        to->notes[i] = from->notes[i];
}

static void on_detection(void *data, const struct ov_detection *d)
{
    struct worker *w = data;
    struct ov_wire_detection *to = &w->detection;

    to->rule = d->rule;
    to->source = d->source;
    to->line = d->line;
    to->flags = d->flags;
    to->kind = ov_span_str(d->kind != NULL ? d->kind : "");
    to->type = ov_span_str(ov_type_name((enum ov_type)d->type));
    to->object_len = d->object_len;
    to->order = d->order;
    convert_path(&d->path, &to->path);
    convert_evidence(d, to);
    convert_notes(d, to);
    begin(w, OV_MSG_DETECTION);
    ov_wire_put_detection(&w->out, to);
    post(w);
}

/* Room for one more thing of at most so many bytes. */
static void continue_batch(struct worker *w, enum ov_msg type, size_t len)
{
    if (w->batch == type && w->out.len + len <= OV_MSG_MAX)
        return;
    begin(w, type);
    w->batch = type;
}

static void on_match(void *data, const struct ov_string_match *m)
{
    struct worker *w = data;

    continue_batch(w, OV_MSG_MATCHES, OV_WIRE_MATCH_MAX);
    ov_wire_put_match(&w->out, m);
}

static void on_cost(void *data, const struct ov_rule_cost *c)
{
    struct worker *w = data;

    continue_batch(w, OV_MSG_COSTS, OV_WIRE_COST_MAX);
    ov_wire_put_cost(&w->out, c);
}

static void on_inconclusive(void *data, const struct ov_inconclusive *i)
{
    struct worker *w = data;
    struct ov_wire_inconclusive *to = &w->inconclusive;

    to->reason = ov_span_str(ov_reason_name(i->kind));
    to->detail = ov_span_str(i->detail != NULL ? i->detail : "");
    to->at = i->at;
    convert_path(&i->path, &to->path);
    begin(w, OV_MSG_INCONCLUSIVE);
    ov_wire_put_inconclusive(&w->out, to);
    post(w);
}

/* In pieces that are whole lines, if no line is longer than a message. */
static void on_console(void *data, struct ov_span lines)
{
    struct worker *w = data;

    while (lines.len > 0 && !w->is_broken) {
        struct ov_span piece = ov_span_clip(lines, 0, CONSOLE_PIECE);
        size_t len = piece.len;

        while (len > 0 && ov_span_byte(piece, len - 1) != '\n')
            len--;
        if (len > 0)
            piece = ov_span_clip(piece, 0, len);
        begin(w, OV_MSG_CONSOLE);
        ov_put_span(&w->out, piece);
        post(w);
        lines = ov_span_clip(lines, piece.len, lines.len);
    }
}

static void post_sample_facts(struct worker *w, struct ov_span bytes)
{
    struct ov_wire_sample_facts f;

    worker_look_at_sample(bytes, w->aids[OV_AID_WORDS], &f);
    w->has_sample = true;
    begin(w, OV_MSG_SAMPLE_FACTS);
    ov_wire_put_sample_facts(&w->out, &f);
    post(w);
}

/* Whoever asks for samples takes none that is larger; what is said of it is its
 * length, with the detection. */
static void on_sample(void *data, struct ov_span bytes)
{
    struct worker *w = data;

    if (bytes.len > MAX_SAMPLE)
        return;
    for (size_t at = 0; at < bytes.len && !w->is_broken; at += CONSOLE_PIECE) {
        begin(w, OV_MSG_SAMPLE);
        ov_put_span(&w->out, ov_span_clip(bytes, at, CONSOLE_PIECE));
        post(w);
    }
    post_sample_facts(w, bytes);
}

static void on_split(void *data)
{
    struct worker *w = data;

    begin(w, OV_MSG_SPLIT);
    post(w);
}

static void scan(struct worker *w, struct ov_span bytes)
{
    const struct ov_findings findings = {.detection = on_detection,
                                         .match = on_match,
                                         .cost = on_cost,
                                         .inconclusive = on_inconclusive,
                                         .split = on_split,
                                         .console = on_console,
                                         .sample = on_sample,
                                         .data = w};
    struct ov_outcome outcome = {0};
    struct ov_wire_outcome o;

    w->has_sample = false;
    ov_scanner_scan(w->scanner, bytes, &w->options, &findings, &outcome);
    /* Of a file in which nothing is found: the file. */
    if ((w->options.flags & OV_SCAN_SAMPLES) != 0 && !w->has_sample &&
        outcome.verdict < OV_UNWANTED)
        on_sample(w, bytes);
    o = (struct ov_wire_outcome){
        .verdict = (uint32_t)outcome.verdict,
        .type = ov_span_str(ov_type_name((enum ov_type)outcome.type)),
        .n_objects = outcome.n_objects,
        .n_bytes = outcome.n_bytes,
    };
    memcpy(o.spent, outcome.spent, sizeof(o.spent));
    begin(w, OV_MSG_OUTCOME);
    ov_wire_put_outcome(&w->out, &o);
    post(w);
}

/* What cannot be read is not clean. */
static void give_up(struct worker *w, enum ov_reason_kind why,
                    const char *detail)
{
    const struct ov_inconclusive i = {.kind = why, .detail = detail};
    struct ov_wire_outcome o = {.verdict = OV_INCONCLUSIVE,
                                .type = ov_span_str("data")};

    on_inconclusive(w, &i);
    begin(w, OV_MSG_OUTCOME);
    ov_wire_put_outcome(&w->out, &o);
    post(w);
}

/* A part of a file and where it goes. */
struct part {
    int fd;
    uint64_t at;
    uint8_t *to;
    size_t len;
    enum ov_status status;
};

static void read_part(void *data)
{
    struct part *p = data;

    while (p->len > 0 && p->status == OV_OK) {
        ssize_t got = pread64(p->fd, p->to, p->len, (off64_t)p->at);

        if (got <= 0) {
            p->status = got < 0 ? OV_IO : OV_TRUNCATED;
            return;
        }
        p->at += (uint64_t)got;
        p->to += got;
        p->len -= (size_t)got;
    }
}

/* Copying is a good part of the time that a large file takes. */
static enum ov_status read_parts(struct worker *w, int fd, uint8_t *to,
                                 size_t len)
{
    struct part parts[OV_HELPERS_MAX + 1];
    unsigned n = len >= SHARE_READ_FROM ? w->crew->n + 1 : 1;
    size_t each = len / n;
    enum ov_status status = OV_OK;

    for (unsigned i = 0; i < n; i++)
        parts[i] = (struct part){fd, i * each, to + i * each,
                                 i + 1 < n ? each : len - i * each, OV_OK};
    for (unsigned i = 1; i < n; i++)
        w->crew->start(w->crew, i - 1, read_part, &parts[i]);
    read_part(&parts[0]);
    for (unsigned i = 1; i < n; i++)
        w->crew->wait(w->crew, i - 1);
    for (unsigned i = 0; i < n && status == OV_OK; i++)
        status = parts[i].status;
    return status;
}

/* len bytes from the start of fd into w->file. OV_TRUNCATED if there are fewer
 * now. */
static enum ov_status read_file(struct worker *w, int fd, uint64_t len)
{
    uint8_t *room;

    ov_buf_clear(&w->file);
    if (len == 0)
        return OV_OK;
    room = ov_buf_room(&w->file, (size_t)len);
    if (room == NULL)
        return ov_buf_status(&w->file);
    OV_TRY(read_parts(w, fd, room, (size_t)len));
    ov_buf_added(&w->file, (size_t)len);
    return OV_OK;
}

static void scan_mapped(struct worker *w, int fd, uint64_t len)
{
    void *at = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);

    if (at == MAP_FAILED) {
        give_up(w, OV_REASON_MEMORY, "map");
        return;
    }
    scan(w, ov_span_of(at, (size_t)len));
    (void)!munmap(at, (size_t)len); /* cannot fail on what mmap returned */
}

/* A process's memory: a sealed copy that its bytes are looked at in. */
static void scan_process(struct worker *w, int fd,
                         const struct ov_wire_task *task)
{
    uint64_t table_len = (uint64_t)task->n_regions * OV_WIRE_REGION;
    struct ov_region *list = NULL;
    uint64_t len = task->len + table_len;
    struct ov_span all;
    void *at = MAP_FAILED;

    if (len > task->len && len <= SIZE_MAX)
        at = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) {
        give_up(w, OV_REASON_MEMORY, "map");
        return;
    }
    all = ov_span_of(at, (size_t)len);
    if (worker_read_regions(ov_span_clip(all, task->len, table_len),
                            task->n_regions, &list) != OV_OK) {
        give_up(w, OV_REASON_MEMORY, "regions");
    } else {
        w->options.regions = list;
        w->options.n_regions = task->n_regions;
        scan(w, ov_span_clip(all, 0, task->len));
        w->options.regions = NULL;
        w->options.n_regions = 0;
    }
    ov_free(list);
    (void)!munmap(at, (size_t)len); /* cannot fail on what mmap returned */
}

static void scan_read(struct worker *w, int fd, uint64_t len)
{
    enum ov_status status = read_file(w, fd, len);

    if (status == OV_OK)
        scan(w, ov_buf_span(&w->file));
    else if (status == OV_TRUNCATED)
        give_up(w, OV_REASON_CHANGED, "cut while it was read");
    else if (status == OV_IO)
        give_up(w, OV_REASON_DAMAGED, "cannot be read");
    else
        give_up(w, OV_REASON_MEMORY, "file");
    if (w->file.cap > KEEP_BUFFER)
        ov_buf_done(&w->file);
}

static enum ov_status on_task(struct worker *w, const struct ov_message *m,
                              int fd)
{
    uint64_t max = w->options.max_object;
    struct ov_wire_task task;
    uint64_t len;

    OV_TRY(ov_wire_read_task(m->body, &task));
    w->task = m->task;
    w->options.n_shards = task.n_shards;
    w->options.shard = task.shard;
    w->options.now = task.now;
    w->options.flags = w->flags | task.flags;
    w->options.path = task.path; /* the packet stays until the next one */
    w->options.owner = task.owner;
    len = task.len;
    if (task.n_regions > OV_WIRE_MAX_REGIONS)
        return OV_MALFORMED;
    if (task.n_regions > 0) {
        scan_process(w, fd, &task);
        return OV_OK;
    }
    /* A file that is too large is not read only to be told so. */
    if (len > MAP_FROM || len > (max != 0 ? max : DEFAULT_MAX_OBJECT))
        scan_mapped(w, fd, len);
    else
        scan_read(w, fd, len);
    return OV_OK;
}

static enum ov_status add_image(struct worker *w, uint64_t len, int fd,
                                struct ov_diag *diag)
{
    struct ov_span bytes;
    void *at;

    if (w->n_images == OV_WIRE_MAX_IMAGES)
        return ov_diag_set(diag, OV_LIMIT_COUNT, 0, "too many images");
    at = mmap(NULL, (size_t)len, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return ov_diag_set(diag, OV_IO, 0, "cannot map the image");
    bytes = ov_span_of(at, (size_t)len);
    w->mapped[w->n_images] = bytes;
    return ov_image_open(bytes, &w->images[w->n_images++], diag);
}

static enum ov_status open_images(struct worker *w,
                                  const struct ov_wire_open *o, int fd,
                                  uint8_t digest[static OV_DIGEST_MAX],
                                  struct ov_diag *diag)
{
    OV_TRY(add_image(w, o->image_len, fd, diag));
    OV_TRY(ov_images_digest(w->images, w->n_images, digest));
    OV_TRY(ov_scanner_new(w->images, w->n_images, &w->scanner, diag));
    /* What helpers find is told when its bytes are gone. */
    if ((o->flags & OV_SCAN_SAMPLES) == 0)
        ov_scanner_set_crew(w->scanner, w->crew);
    return OV_OK;
}

static enum ov_status refuse(struct worker *w, enum ov_status status,
                             struct ov_diag *diag)
{
    diag->status = status;
    if (diag->text[0] == '\0')
        (void)ov_diag_set(diag, status, 0, "%s", ov_status_name(status));
    post_failure(w, diag);
    return status;
}

static enum ov_status on_tier(struct worker *w, const struct ov_message *m,
                              int fd)
{
    struct ov_diag diag = {0};
    enum ov_status status;
    uint64_t len;

    OV_TRY(ov_wire_read_tier(m->body, &len));
    status = add_image(w, len, fd, &diag);
    return status == OV_OK ? OV_OK : refuse(w, status, &diag);
}

/* It stays mapped for as long as this process lives; one that comes again, with
 * other images, is the same. */
static enum ov_status on_aid(struct worker *w, const struct ov_message *m,
                             int fd)
{
    uint64_t two[2];
    void *at;

    OV_TRY(ov_wire_read_two(m->body, two));
    if (two[0] >= OV_N_AID || two[1] == 0)
        return OV_MALFORMED;
    if (w->aids[two[0]].len > 0)
        return OV_OK;
    at = mmap(NULL, (size_t)two[1], PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return OV_OK; /* rules that ask get nothing */
    w->aids[two[0]] = ov_span_of(at, (size_t)two[1]);
    w->options.report = w->aids[OV_AID_REPORT];
    w->options.passwords = w->aids[OV_AID_PASSWORDS];
    w->magic.database = w->aids[OV_AID_MAGIC];
    w->options.identify = magic_file_identify;
    w->options.identify_data = &w->magic;
    return OV_OK;
}

static enum ov_status on_open(struct worker *w, const struct ov_message *m,
                              int fd)
{
    struct ov_diag diag = {0};
    struct ov_wire_open o;
    uint8_t digest[OV_DIGEST_MAX];
    enum ov_status status;

    OV_TRY(ov_wire_read_open(m->body, &o));
    w->flags = o.flags;
    w->options.max_depth = o.max_depth;
    w->options.max_object = o.max_object;
    memcpy(w->options.limits, o.limits, sizeof(o.limits));
    memcpy(w->options.skip_types, o.skip_types, sizeof(o.skip_types));
    memcpy(w->options.bounds, o.bounds, sizeof(o.bounds));
    memcpy(w->unwanted, o.unwanted, sizeof(o.unwanted));
    w->options.alerts = o.alerts;
    w->options.unwanted = ov_span_of(w->unwanted, o.unwanted_len);
    status = open_images(w, &o, fd, digest, &diag);
    if (status == OV_OK)
        status = ov_scanner_define(w->scanner, o.defines, &diag);
    if (status != OV_OK)
        return refuse(w, status, &diag);
    ov_msg_begin(&w->out, OV_MSG_OPENED, 0);
    ov_wire_put_digest(&w->out, digest);
    post(w);
    w->state = OV_PEER_OPEN;
    return OV_OK;
}

/* Everything that was made from the images goes, so that at no time there are
 * two of them. */
static enum ov_status on_close(struct worker *w)
{
    ov_scanner_free(OV_STEAL(w->scanner));
    for (size_t i = 0; i < w->n_images; i++) {
        ov_image_free(OV_STEAL(w->images[i]));
        /* cannot fail on what mmap returned */
        (void)!munmap((void *)(uintptr_t)w->mapped[i].ptr, w->mapped[i].len);
    }
    w->n_images = 0;
    w->state = OV_PEER_READY;
    return OV_OK;
}

static enum ov_status serve_one(struct worker *w)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;
    struct ov_message m;

    OV_TRY(ov_channel_receive(OV_PARENT_FD, w->packet, &packet, &fd));
    OV_TRY(ov_msg_decode(packet, fd >= 0, OV_TO_WORKER, w->state, &m));
    if (m.type == OV_MSG_TIER)
        OV_TRY(on_tier(w, &m, fd));
    else if (m.type == OV_MSG_AID)
        OV_TRY(on_aid(w, &m, fd));
    else if (m.type == OV_MSG_OPEN)
        OV_TRY(on_open(w, &m, fd));
    else if (m.type == OV_MSG_CLOSE)
        OV_TRY(on_close(w));
    else
        OV_TRY(on_task(w, &m, fd));
    return w->is_broken ? OV_PEER_GONE : OV_OK;
}

/* Libraries open files when they are first used; afterwards they do not.
 * OpenSSL is told to do without its own: it sets up the rest when a program's
 * signature is verified for the first time, which few workers ever do. */
static bool warm_up(void)
{
    tzset();
    ov_charset_prepare();
    return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1;
}

/* What a large file needed goes back at once. Left alone, the C library raises
 * its threshold with each large block that is freed, and keeps the next ones.
 */
static void settle_allocator(void)
{
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, OWN_PAGES_FROM);
    (void)mallopt(M_TRIM_THRESHOLD, OWN_PAGES_FROM);
}

static bool start_threads(void *data)
{
    struct worker *w = data;

    w->crew = ov_crew_new(w->n_helpers, HELPERS_NICENESS);
    return w->crew != NULL;
}

static bool go_to_jail(struct worker *w, bool is_best_effort)
{
    const struct ov_confine how = {.profile = OV_PROFILE_WORKER,
                                   .is_best_effort = is_best_effort,
                                   .start_threads = start_threads,
                                   .data = w};
    struct ov_diag diag = {0};
    struct ov_jail jail;

    if (ov_confine(&how, &jail, &diag) != OV_OK) {
        post_failure(w, &diag);
        return false;
    }
    (void)malloc_trim(
        0); /* the filter was being made in it; no matter if not */
    ov_msg_begin(&w->out, OV_MSG_READY, 0);
    ov_wire_put_jail(&w->out, &jail);
    post(w);
    w->state = OV_PEER_READY;
    return true;
}

/* What the parent asked for (spawn.h). */
static void read_arguments(struct worker *w, int argc, char **argv,
                           bool *ret_is_best_effort)
{
    static const char helpers[] = "--helpers=";

    *ret_is_best_effort = false;
    for (int i = 1; i < argc; i++) {
        int digit;

        if (strcmp(argv[i], "--best-effort") == 0)
            *ret_is_best_effort = true;
        if (strncmp(argv[i], helpers, sizeof(helpers) - 1) != 0)
            continue;
        digit = ov_hex_digit((uint8_t)argv[i][sizeof(helpers) - 1]);
        w->n_helpers = digit > 0 ? (unsigned)digit : 0;
    }
}

int main(int argc, char **argv)
{
    struct worker *w = ov_alloc(sizeof(*w));
    enum ov_status status = OV_OK;
    bool is_best_effort;

    if (w == NULL)
        return 1;
    settle_allocator();
    read_arguments(w, argc, argv, &is_best_effort);
    w->packet = ov_alloc(OV_MSG_MAX);
    w->out = ov_buf_with_max(OV_MSG_MAX);
    w->file = ov_buf_with_max((size_t)MAP_FROM + 1);
    w->state = OV_PEER_STARTING;
    if (w->packet == NULL || !warm_up() || !go_to_jail(w, is_best_effort))
        return 1;
    while (status == OV_OK)
        status = serve_one(w);
    return status == OV_PEER_GONE ? 0 : 1;
}
