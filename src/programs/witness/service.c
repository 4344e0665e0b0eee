/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/text.h"
#include "crypto/digest.h"

/* The state is one file, "state": for each log its latest checkpoint with the
 * log's signatures and ours, which is what GET gives out. It is replaced as a
 * whole. A second file, "begun", is written once after the first state: where
 * it is and the state is not, the state was lost, and the witness does not
 * start, for a log that was cosigned before must never be met for the first
 * time again.
 *
 *     note 312
 *     (a signed note of 312 bytes)
 *     note 309
 *     ...
 *
 * Requests come one by one (sys/http_server.h). Each is decided against what
 * was decided before it, on disk or not; then the state of all of them is
 * written at the price of one, and only then anybody gets an answer. If it
 * can't be written, whoever was told about a log's tree gets 503 instead, and
 * what is known goes back to what is on disk. Where it is not sure what is on
 * disk, the larger tree stays, which is safe: nobody has its cosignature.
 *
 * A cosigner that says more than that a log only grows (tlog-cosignature,
 * "additional statements") is gated: it signs a tree only if the file
 * HEX.checked names it, which overt-monitor writes when all below was found
 * right. What is asked for and not checked yet is put into HEX.wanted, and
 * answered with 503.
 */

#define MAX_KEYS 4 /* of one log */
#define NAME_LEN 64
#define STATE "state"
#define BEGUN "begun"
/* A note that is stored: text, the log's signatures, and ours. */
#define MAX_STORED ((size_t)16 << 10)
#define ARENA_SIZE ((size_t)1 << 20)
#define MAX_ORIGIN 1024

struct tree {
    uint64_t size;
    uint8_t root[OV_MERKLE_HASH];
};

struct log {
    struct ov_vkey keys[MAX_KEYS];
    char name[NAME_LEN + 1]; /* SHA-256 of the origin */
    struct ov_buf origin;
    struct ov_buf stored; /* the note on disk */
    struct ov_buf next;   /* the note to be stored; empty: none */
    struct ov_buf line;   /* the last cosignature */
    uint64_t line_time;
    struct tree on_disk;
    struct tree wanted; /* of the file HEX.wanted; only if gated */
};

struct asked {
    struct ov_http_answer *answer;
    size_t log;
};

struct witness_service {
    const struct witness_signer *signer;
    const struct ov_ledger *folder;
    struct ov_arena *arena;
    struct log *logs;
    struct ov_witnessed *known; /* [i]: what logs[i] is decided against */
    size_t n;
    struct ov_buf others; /* the state of logs that are not served now */
    struct asked round[WITNESS_MAX_CONNECTIONS];
    size_t n_round;
    bool is_changed; /* by this round */
};

enum ov_status witness_service_new(const struct witness_signer *signer,
                                   const struct ov_ledger *folder,
                                   struct witness_service **ret)
{
    struct witness_service *s = ov_alloc(sizeof(*s));

    if (s == NULL)
        return OV_NO_MEMORY;
    s->signer = signer;
    s->folder = folder;
    s->others = ov_buf_with_max(OV_LEDGER_MAX);
    s->arena = ov_arena_new(ARENA_SIZE);
    if (s->arena == NULL) {
        witness_service_free(s);
        return OV_NO_MEMORY;
    }
    *ret = s;
    return OV_OK;
}

void witness_service_free(struct witness_service *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++) {
        ov_buf_done(&s->logs[i].origin);
        ov_buf_done(&s->logs[i].stored);
        ov_buf_done(&s->logs[i].next);
        ov_buf_done(&s->logs[i].line);
    }
    ov_buf_done(&s->others);
    ov_arena_free(s->arena);
    ov_free(s->logs);
    ov_free(s->known);
    ov_free(s);
}

size_t witness_service_n_logs(const struct witness_service *s)
{
    return s->n;
}

static struct log *find(struct witness_service *s, struct ov_span origin,
                        size_t *ret)
{
    for (size_t i = 0; i < s->n; i++) {
        if (ov_span_equal(ov_buf_span(&s->logs[i].origin), origin)) {
            *ret = i;
            return &s->logs[i];
        }
    }
    return NULL;
}

static bool name_log(struct log *log, struct ov_span origin)
{
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(NAME_LEN);
    uint8_t digest[OV_DIGEST_MAX];

    log->origin = ov_buf_with_max(MAX_ORIGIN);
    log->stored = ov_buf_with_max(MAX_STORED);
    log->next = ov_buf_with_max(MAX_STORED);
    log->line = ov_buf_with_max(MAX_STORED);
    ov_put_span(&log->origin, origin);
    if (ov_buf_status(&log->origin) != OV_OK ||
        ov_digest(OV_SHA256, origin, digest) != OV_OK)
        return false;
    ov_put_hex(&hex, ov_span_of(digest, sizeof(digest)));
    if (ov_buf_status(&hex) != OV_OK)
        return false;
    memcpy(log->name, hex.ptr, NAME_LEN);
    return true;
}

/* Both arrays move together; keys are pointed to anew. */
static struct log *add_log(struct witness_service *s, struct ov_span origin)
{
    struct log *logs = ov_realloc_array(s->logs, s->n + 1, sizeof(*logs));
    struct ov_witnessed *known;

    if (logs == NULL)
        return NULL;
    s->logs = logs;
    known = ov_realloc_array(s->known, s->n + 1, sizeof(*known));
    if (known == NULL)
        return NULL;
    s->known = known;
    s->logs[s->n] = (struct log){.line_time = 0};
    if (!name_log(&s->logs[s->n], origin))
        return NULL;
    s->n++;
    for (size_t i = 0; i < s->n; i++) {
        size_t n_keys = i + 1 < s->n ? s->known[i].n_keys : 0;

        s->known[i] = ov_witnessed_start(ov_buf_span(&s->logs[i].origin),
                                         s->logs[i].keys, n_keys);
        memcpy(s->logs[i].on_disk.root, s->known[i].root, OV_MERKLE_HASH);
    }
    return &s->logs[s->n - 1];
}

const char *witness_service_add(struct witness_service *s, struct ov_span text)
{
    struct ov_span origin = text;
    struct ov_span vkey;
    struct ov_vkey key;
    struct log *log;
    size_t at = s->n;

    (void)ov_span_cut(&origin, ' ', &vkey);
    if (ov_vkey_parse(vkey, &key) != OV_OK || key.alg != OV_NOTE_ED25519)
        return "not the Ed25519 key of a log (NAME+ID+BASE64)";
    if (origin.len == 0)
        origin = ov_span_str(key.name);
    log = find(s, origin, &at);
    if (log == NULL && s->n == WITNESS_MAX_LOGS)
        return "too many logs";
    if (log == NULL)
        log = add_log(s, origin);
    if (log == NULL)
        return "out of memory";
    if (s->known[at].n_keys == MAX_KEYS)
        return "too many keys of one log";
    log->keys[s->known[at].n_keys++] = key;
    return NULL;
}

static void set_known(struct witness_service *s, size_t at,
                      const struct tree *tree)
{
    s->known[at].size = tree->size;
    memcpy(s->known[at].root, tree->root, OV_MERKLE_HASH);
}

static void put_note(struct ov_buf *b, struct ov_span note)
{
    ov_put_format(b, "note %zu\n", note.len);
    ov_put_span(b, note);
}

static enum ov_status read_note(struct witness_service *s, struct ov_span bytes)
{
    struct ov_note *note;
    struct ov_checkpoint c;
    struct log *log;
    size_t at;

    ov_arena_reset(s->arena, ARENA_SIZE);
    note = ov_arena_alloc(s->arena, sizeof(*note));
    if (note == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_note_parse(s->arena, bytes, note));
    OV_TRY(ov_checkpoint_parse(note->text, &c));
    log = find(s, c.origin, &at);
    if (log == NULL) {
        put_note(&s->others, bytes);
        return ov_buf_status(&s->others);
    }
    if (log->stored.len > 0)
        return OV_MALFORMED;
    ov_put_span(&log->stored, bytes);
    log->on_disk.size = c.size;
    memcpy(log->on_disk.root, c.root, OV_MERKLE_HASH);
    set_known(s, at, &log->on_disk);
    return ov_buf_status(&log->stored);
}

static enum ov_status read_state(struct witness_service *s)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(OV_LEDGER_MAX);
    struct ov_span left;
    struct ov_span line;
    struct ov_span note;
    uint64_t len;

    OV_TRY(ov_ledger_read(s->folder, STATE, &all));
    left = ov_buf_span(&all);
    while (ov_span_cut(&left, '\n', &line)) {
        if (!ov_span_starts(line, OV_SPAN_LIT("note ")) ||
            !ov_parse_uint(ov_span_clip(line, 5, line.len), MAX_STORED, &len) ||
            !ov_span_sub(left, 0, len, &note))
            return OV_MALFORMED;
        OV_TRY(read_note(s, note));
        left = ov_span_clip(left, len, left.len);
    }
    return left.len == 0 ? OV_OK : OV_MALFORMED;
}

/* All notes as they are to be: those of this round, or those on disk. */
static enum ov_status write_state(const struct witness_service *s,
                                  bool *ret_is_replaced)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(OV_LEDGER_MAX);
    struct ov_ledger_item item = {.name = STATE};
    enum ov_status status;

    *ret_is_replaced = false;
    ov_put_span(&all, ov_buf_span(&s->others));
    for (size_t i = 0; i < s->n; i++) {
        const struct log *log = &s->logs[i];
        const struct ov_buf *note =
            log->next.len > 0 ? &log->next : &log->stored;

        if (note->len > 0)
            put_note(&all, ov_buf_span(note));
    }
    OV_TRY(ov_buf_status(&all));
    item.bytes = ov_buf_span(&all);
    status = ov_ledger_write(s->folder, &item, 1);
    *ret_is_replaced = item.is_replaced;
    return status;
}

static enum ov_status begin(struct witness_service *s, struct ov_diag *diag)
{
    struct ov_ledger_item begun = {.name = BEGUN, .bytes = OV_SPAN_LIT("1\n")};
    bool is_replaced;

    if (write_state(s, &is_replaced) != OV_OK ||
        ov_ledger_write(s->folder, &begun, 1) != OV_OK)
        return ov_diag_set(diag, OV_IO, 0, "cannot write files in it");
    return OV_OK;
}

enum ov_status witness_service_load(struct witness_service *s,
                                    struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) mark = ov_buf_with_max(16);
    enum ov_status begun = ov_ledger_read(s->folder, BEGUN, &mark);
    enum ov_status status = read_state(s);

    if (status == OV_OK && begun == OV_OK)
        return OV_OK;
    if (begun == OV_NOT_FOUND && (status == OV_OK || status == OV_NOT_FOUND))
        return begin(s, diag);
    if (status == OV_OK)
        status = begun;
    return ov_diag_set(diag, status, 0,
                       "a file in it is %s: see RECOVERY in overt-witness(1)",
                       status == OV_NOT_FOUND ? "gone" : "damaged");
}

static void say(struct ov_http_answer *answer, unsigned code, const char *text)
{
    answer->code = code;
    answer->type = NULL;
    answer->max_age = 0;
    ov_buf_clear(&answer->body);
    ov_put_str(&answer->body, text);
}

/* What is to be stored: the note without signatures of strangers. */
static enum ov_status put_next(const struct ov_witnessed *known,
                               const struct ov_note *note, struct ov_span line,
                               struct ov_buf *next)
{
    ov_put_span(next, note->text);
    ov_put_u8(next, '\n');
    for (size_t i = 0; i < note->n_sigs; i++) {
        for (size_t k = 0; k < known->n_keys; k++) {
            if (ov_note_signature_is_of(&note->sigs[i], &known->keys[k]))
                ov_put_span(next, note->sigs[i].line);
        }
    }
    ov_put_span(next, line);
    return ov_buf_status(next);
}

static void swap(struct ov_buf *a, struct ov_buf *b)
{
    struct ov_buf kept = *a;

    *a = *b;
    *b = kept;
}

/* Whether this very text was the last one that was signed. */
static bool is_latest(const struct log *log, struct ov_span text)
{
    struct ov_span latest =
        ov_buf_span(log->next.len > 0 ? &log->next : &log->stored);

    return ov_span_starts(latest, text) &&
           ov_span_byte(latest, text.len) == '\n';
}

/* Signs the checkpoint, unless that was done for the same one in this second.
 * On failure nothing has changed. */
static enum ov_status cosign(struct witness_service *s,
                             const struct ov_witness_ruling *ruling)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(MAX_STORED);
    OV_AUTO_DONE(buf) next = ov_buf_with_max(MAX_STORED);
    struct log *log = &s->logs[ruling->log];
    uint64_t now = s->signer->now();
    struct tree tree = {.size = ruling->checkpoint.size};

    if (log->line_time == now && is_latest(log, ruling->note.text))
        return OV_OK;
    OV_TRY(ov_cosign_ed25519(ruling->note.text, &s->signer->key,
                             s->signer->seed, now, &line));
    OV_TRY(put_next(&s->known[ruling->log], &ruling->note, ov_buf_span(&line),
                    &next));
    swap(&log->line, &line);
    swap(&log->next, &next);
    memcpy(tree.root, ruling->checkpoint.root, OV_MERKLE_HASH);
    set_known(s, ruling->log, &tree);
    log->line_time = now;
    s->is_changed = true;
    return OV_OK;
}

/* Forgets what was decided in this round about a log. */
static void go_back(struct witness_service *s, size_t at)
{
    struct log *log = &s->logs[at];

    ov_buf_clear(&log->next);
    ov_buf_clear(&log->line);
    log->line_time = 0;
    set_known(s, at, &log->on_disk);
}

static const char *words_for(enum ov_witness_code code)
{
    switch (code) {
    case OV_WITNESS_MALFORMED:
        return "malformed request, or old size above the new one\n";
    case OV_WITNESS_NOT_SIGNED:
        return "no good signature by this log\n";
    case OV_WITNESS_UNKNOWN:
        return "this log is not witnessed here\n";
    case OV_WITNESS_INCONSISTENT:
        return "not consistent with what was cosigned before\n";
    case OV_WITNESS_CONFLICT:
    case OV_WITNESS_COSIGN:
    case OV_WITNESS_OUT_OF_MEMORY:
    default:
        return "out of memory or disk; try again\n";
    }
}

/* -- the gate -- */

/* "SIZE ROOT\n" */
static bool is_checked(const struct witness_service *s,
                       const struct ov_witness_ruling *r)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(256);
    char name[NAME_LEN + sizeof(".checked")];
    struct ov_span root;
    struct ov_span size;
    uint8_t said[OV_MERKLE_HASH];
    uint64_t n;

    (void)snprintf(name, sizeof(name), "%s.checked", s->logs[r->log].name);
    if (ov_ledger_read(s->folder, name, &all) != OV_OK)
        return false;
    root = ov_buf_span(&all);
    return ov_span_cut(&root, ' ', &size) &&
           ov_parse_uint(size, OV_MERKLE_MAX_SIZE, &n) &&
           n == r->checkpoint.size &&
           ov_hex_decode(ov_span_clip(root, 0, root.len - 1), said,
                         sizeof(said)) &&
           memcmp(said, r->checkpoint.root, sizeof(said)) == 0;
}

/* For the one who checks; the same one only once. */
static void want(struct witness_service *s, const struct ov_witness_ruling *r)
{
    struct log *log = &s->logs[r->log];
    OV_AUTO_DONE(buf) note = ov_buf_with_max(MAX_STORED);
    char name[NAME_LEN + sizeof(".wanted")];
    struct ov_ledger_item item = {.name = name};

    if (log->wanted.size == r->checkpoint.size &&
        memcmp(log->wanted.root, r->checkpoint.root, OV_MERKLE_HASH) == 0)
        return;
    (void)snprintf(name, sizeof(name), "%s.wanted", log->name);
    if (put_next(&s->known[r->log], &r->note, (struct ov_span){0}, &note) !=
        OV_OK)
        return;
    item.bytes = ov_buf_span(&note);
    if (ov_ledger_write(s->folder, &item, 1) != OV_OK)
        return; /* it will be asked for again */
    log->wanted.size = r->checkpoint.size;
    memcpy(log->wanted.root, r->checkpoint.root, OV_MERKLE_HASH);
    s->signer->note("wanted", r->checkpoint.origin, r->checkpoint.size);
}

static void answer_cosign(struct witness_service *s,
                          const struct ov_witness_ruling *r,
                          struct ov_http_answer *answer)
{
    enum ov_status status;

    if (s->signer->is_gated && !is_checked(s, r)) {
        want(s, r);
        say(answer, OV_WITNESS_OUT_OF_MEMORY,
            "not checked yet; ask again in a while\n");
        return;
    }
    status = cosign(s, r);
    if (status == OV_LIMIT_SIZE)
        say(answer, 413, "too many extension lines or signatures\n");
    else if (status != OV_OK)
        say(answer, OV_WITNESS_OUT_OF_MEMORY,
            words_for(OV_WITNESS_OUT_OF_MEMORY));
    else
        say(answer, OV_WITNESS_COSIGN, "");
    if (status == OV_OK)
        ov_put_span(&answer->body, ov_buf_span(&s->logs[r->log].line));
}

static void answer_ruling(struct witness_service *s,
                          const struct ov_witness_ruling *r,
                          struct ov_http_answer *answer)
{
    if (r->code == OV_WITNESS_CONFLICT) {
        say(answer, r->code, "");
        answer->type = "text/x.tlog.size";
        ov_put_format(&answer->body, "%llu\n",
                      (unsigned long long)s->known[r->log].size);
    } else if (r->code == OV_WITNESS_COSIGN) {
        answer_cosign(s, r, answer);
    } else {
        say(answer, r->code, words_for(r->code));
    }
    if (r->code == OV_WITNESS_INCONSISTENT)
        s->signer->note("refused, inconsistent", r->checkpoint.origin,
                        r->checkpoint.size);
    /* What was said about a log's tree holds only if that gets to disk. */
    if (r->code == OV_WITNESS_COSIGN || r->code == OV_WITNESS_CONFLICT) {
        OV_ASSERT(s->n_round < WITNESS_MAX_CONNECTIONS);
        s->round[s->n_round++] = (struct asked){answer, r->log};
    }
}

static void add_checkpoint(struct witness_service *s, struct ov_span body,
                           struct ov_http_answer *answer)
{
    struct ov_witness_ruling *ruling;

    ov_arena_reset(s->arena, ARENA_SIZE);
    ruling = ov_arena_alloc(s->arena, sizeof(*ruling));
    if (ruling == NULL) {
        say(answer, OV_WITNESS_OUT_OF_MEMORY,
            words_for(OV_WITNESS_OUT_OF_MEMORY));
        return;
    }
    ov_witness_judge(s->arena, s->known, s->n, body, ruling);
    answer_ruling(s, ruling, answer);
}

/* "/HEX/checkpoint" */
static const struct log *find_by_path(const struct witness_service *s,
                                      struct ov_span path)
{
    struct ov_span hex = ov_span_clip(path, 1, NAME_LEN);

    if (!ov_span_equal(ov_span_clip(path, 1 + NAME_LEN, path.len),
                       OV_SPAN_LIT("/checkpoint")))
        return NULL;
    for (size_t i = 0; i < s->n; i++) {
        if (s->logs[i].stored.len > 0 &&
            ov_span_equal(hex, ov_span_str(s->logs[i].name)))
            return &s->logs[i];
    }
    return NULL;
}

/* For people who come by: who this is and what it has seen. */
static void introduce(const struct witness_service *s,
                      struct ov_http_answer *answer)
{
    say(answer, 200, "An overt-witness. Its key:\n\n");
    ov_put_vkey(&answer->body, &s->signer->key);
    ov_put_str(&answer->body, "\n\nLogs, with the size last cosigned:\n\n");
    for (size_t i = 0; i < s->n; i++) {
        ov_put_escaped(&answer->body, ov_buf_span(&s->logs[i].origin));
        ov_put_format(&answer->body, " %llu\n  /%s/checkpoint\n",
                      (unsigned long long)s->logs[i].on_disk.size,
                      s->logs[i].name);
    }
}

static void get(const struct witness_service *s, struct ov_span path,
                struct ov_http_answer *answer)
{
    const struct log *log = find_by_path(s, path);

    if (log != NULL) {
        say(answer, 200, "");
        answer->max_age = 5;
        ov_put_span(&answer->body, ov_buf_span(&log->stored));
    } else if (ov_span_equal(path, OV_SPAN_LIT("/"))) {
        introduce(s, answer);
    } else {
        say(answer, 404, "nothing here\n");
    }
}

void witness_service_handle(void *data, const struct ov_http_request *request,
                            struct ov_http_answer *answer)
{
    struct witness_service *s = data;
    bool is_post = ov_span_equal(request->method, OV_SPAN_LIT("POST"));
    bool is_add = ov_span_equal(request->path, OV_SPAN_LIT("/add-checkpoint"));

    if (is_post && is_add)
        add_checkpoint(s, request->body, answer);
    else if (!is_add && (ov_span_equal(request->method, OV_SPAN_LIT("GET")) ||
                         ov_span_equal(request->method, OV_SPAN_LIT("HEAD"))))
        get(s, request->path, answer);
    else
        say(answer, 405, "POST /add-checkpoint, or GET the rest\n");
}

/* The notes of this round are on disk, or perhaps. */
static void advance(struct witness_service *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct log *log = &s->logs[i];

        if (log->next.len == 0)
            continue;
        log->on_disk.size = s->known[i].size;
        memcpy(log->on_disk.root, s->known[i].root, OV_MERKLE_HASH);
        swap(&log->stored, &log->next);
        ov_buf_clear(&log->next);
    }
}

void witness_service_settle(void *data)
{
    struct witness_service *s = data;
    bool is_replaced = false;
    enum ov_status status = OV_OK;

    if (s->is_changed)
        status = write_state(s, &is_replaced);
    if (is_replaced)
        advance(s);
    for (size_t i = 0; status != OV_OK && i < s->n_round; i++) {
        if (!is_replaced)
            go_back(s, s->round[i].log);
        say(s->round[i].answer, OV_WITNESS_OUT_OF_MEMORY,
            words_for(OV_WITNESS_OUT_OF_MEMORY));
        s->signer->note("cannot write the state for",
                        ov_buf_span(&s->logs[s->round[i].log].origin),
                        s->logs[s->round[i].log].on_disk.size);
    }
    s->n_round = 0;
    s->is_changed = false;
}
