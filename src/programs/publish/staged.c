/* SPDX-License-Identifier: Apache-2.0 */
#include "staged.h"

#include "request_desk.h"
#include "run.h"
#include "turn.h"

/* One way into the log for every kind of entry: an author stages a note, others
 * sign it after having seen in words what it says, and when the people file is
 * content it is queued. Which signatures count is decided by the same code that
 * clients use (people.c), for the index that the entry would get now. */

static const char *const sentences[OV_N_ENTRY] = {
    [OV_ENTRY_RULE_CHANGE] = "A rule changes:",
    [OV_ENTRY_REVEAL] = "An embargo ends:",
    [OV_ENTRY_FEED] = "Rules of another publisher are taken:",
    [OV_ENTRY_RELEASE] = "A set of rules is released:",
    [OV_ENTRY_CODE_RELEASE] = "Programs are released:",
    [OV_ENTRY_SBOM] = "A bill of materials:",
    [OV_ENTRY_PROVENANCE] = "How something was made:",
    [OV_ENTRY_RECALL] = "Clients are told to stop using this:",
    [OV_ENTRY_NOTICE] = "Owners are told:",
    [OV_ENTRY_KEY_EVENT] = "Who may do what changes:",
    [OV_ENTRY_REBUILD] = "A release was compiled again:",
    [OV_ENTRY_LOG_START] = "A log begins:",
    [OV_ENTRY_LOG_END] = "The log ends:",
    [OV_ENTRY_SNAPSHOT] = "What is said of files, all of it:",
    [OV_ENTRY_DELTA] = "What is said of files has changed:",
    [OV_ENTRY_REQUEST] = "An authority has asked for something:",
    [OV_ENTRY_REQUEST_DECISION] = "What an authority asked for is decided:",
    [OV_ENTRY_REQUEST_CHALLENGE] = "A request is challenged in court:",
    [OV_ENTRY_REQUEST_CLOSING] = "A request is closed:",
    [OV_ENTRY_REQUEST_CORRECTION] = "What was said of a request is corrected:",
    [OV_ENTRY_REQUEST_COMMITMENTS] = "What may not be told yet, or nothing:",
    [OV_ENTRY_REQUEST_OPENING] = "Commitments are opened:",
    [OV_ENTRY_REQUEST_REPORT] = "The table of a half-year's requests:",
    [OV_ENTRY_REQUEST_HISTORY] = "What others have said of requests to others:",
    [OV_ENTRY_DRILL] = "It was tried what happens when something fails:",
    [OV_ENTRY_KEY_MANIFEST] = "Regions that take samples, and their keys:",
    [OV_ENTRY_SUBMISSIONS] = "What a region has been sent:",
};

void tell_entry(const struct ov_entry *e)
{
    tell("%s", sentences[e->type]);
    for (size_t i = 0; i < e->n_lines; i++)
        tell("  %-10.*s %.*s", (int)e->lines[i].name.len,
             (const char *)e->lines[i].name.ptr, (int)e->lines[i].value.len,
             (const char *)e->lines[i].value.ptr);
    request_tell(e);
}

static const char *note_path(struct instance *in, const char *name)
{
    return path_in(in, "staging/%s/note", name);
}

bool staged_read(struct instance *in, const char *name, struct staged *ret)
{
    const char *path = note_path(in, name);
    struct ov_note *n = ov_arena_alloc(in->arena, sizeof(*n));
    struct ov_diag diag = {0};
    struct ov_people people;
    struct history h;

    ret->name = name;
    if (n == NULL || !people_read(in, &people) || !history_read(in, &h))
        return false;
    if (!disk_exists(path))
        return tell_error("%s: nothing of that name is staged; see: "
                          "overt-publish status %s",
                          path, in->dir);
    if (!read_in(in, path, &ret->note))
        return false;
    if (ov_note_parse(in->arena, ret->note, n) != OV_OK)
        return tell_error("%s: not a signed note", path);
    if (ov_people_signers(&people, n, h.n, &ret->opened.signers) != OV_OK)
        return tell_error("%s: a signature does not hold: somebody changed the "
                          "text after it was signed",
                          path);
    if (ret->opened.signers.n == 0)
        return tell_error("%s: signed by nobody that the people file knows",
                          path);
    if (ov_entry_parse(n->text, &ret->opened.entry, &diag) != OV_OK)
        return tell_error("%s:%u: %s", path, diag.line, diag.text);
    return true;
}

/* Where a note that has all signatures goes: to the log's queue, or, if it may
 * not be told yet, where the next day's commitments find it. */
static const char *complete_path(struct instance *in, const char *name)
{
    static const char sealed[] = "sealed-";
    bool is_sealed = strncmp(name, sealed, strlen(sealed)) == 0;

    return is_sealed
               ? path_in(in, "requests/waiting/%s.note", name + strlen(sealed))
               : path_in(in, "log-queue/%s.note", name);
}

/* Moves a note that has all signatures to the queue. */
static bool queue_if_complete(struct instance *in, const char *name)
{
    struct ov_opened *opened = ov_arena_alloc(in->arena, sizeof(*opened));
    struct ov_diag diag = {0};
    struct ov_people people;
    struct ov_span note;
    struct history h;
    enum ov_status status;

    if (opened == NULL || !people_read(in, &people) || !history_read(in, &h) ||
        !read_in(in, note_path(in, name), &note))
        return false;
    status = ov_entry_open(in->arena, note, &people, h.n, opened, &diag);
    if (status == OV_BAD_SIGNATURE) {
        tell("%s waits for more signatures: %s", name, diag.text);
        return true;
    }
    if (status != OV_OK)
        return tell_error("%s: %s", note_path(in, name), diag.text);
    if (!disk_write(complete_path(in, name), note, 0644) ||
        !disk_move(path_in(in, "staging/%s", name),
                   path_in(in, "done/%s", name)))
        return false;
    if (strncmp(name, "sealed-", strlen("sealed-")) == 0)
        tell("%s has all signatures and waits for the day's commitments: "
             "overt-publish request commit %s",
             name, in->dir);
    else
        tell("%s has all signatures and waits for the log: overt-publish log "
             "%s",
             name, in->dir);
    return true;
}

bool staged_new(struct instance *in, const char *name,
                const struct ov_buf *text, const char *key)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_ENTRY_MAX);
    struct ov_entry *e = ov_arena_alloc(in->arena, sizeof(*e));
    struct ov_diag diag = {0};

    if (e == NULL || ov_buf_status(text) != OV_OK)
        return tell_error("out of memory");
    if (ov_entry_parse(ov_buf_span(text), e, &diag) != OV_OK)
        return tell_error("%s, line %u: %s", name, diag.line, diag.text);
    if (disk_exists(note_path(in, name)) ||
        disk_exists(path_in(in, "done/%s", name)))
        return tell_error("%s: there is one of that name already",
                          path_in(in, "staging/%s", name));
    tell_entry(e);
    if (!confirm(in, "Sign this, to be public for ever?"))
        return false;
    ov_put_span(&note, ov_buf_span(text));
    ov_put_u8(&note, '\n');
    return note_sign(in, &note, key) &&
           disk_write(note_path(in, name), ov_buf_span(&note), 0644) &&
           queue_if_complete(in, name);
}

/* The signature must be by a key that counts, and one more than before. */
static bool check_new_signer(struct instance *in, const struct staged *before,
                             const struct ov_buf *note, const char *key)
{
    struct ov_note *n = ov_arena_alloc(in->arena, sizeof(*n));
    struct ov_signers signers;
    struct ov_people people;
    struct history h;

    if (n == NULL || !people_read(in, &people) || !history_read(in, &h) ||
        ov_note_parse(in->arena, ov_buf_span(note), n) != OV_OK ||
        ov_people_signers(&people, n, h.n, &signers) != OV_OK)
        return tell_error("%s: the signature does not hold", key);
    if (signers.n > before->opened.signers.n)
        return true;
    for (size_t i = 0; i < signers.n; i++) {
        if (ov_span_equal(signers.list[i]->name, ov_span_str(key)))
            return tell_error("%s has signed %s already: the second person is "
                              "another one, with another key",
                              key, before->name);
    }
    return tell_error("%s: not a key that the people file knows, or the same "
                      "key under another name",
                      key);
}

bool staged_sign(struct instance *in, const char *name, const char *key)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_ENTRY_MAX);
    struct staged *s = ov_arena_alloc(in->arena, sizeof(*s));

    if (s == NULL || !staged_read(in, name, s))
        return false;
    ov_put_span(&note, s->note);
    return note_sign(in, &note, key) && check_new_signer(in, s, &note, key) &&
           disk_write(note_path(in, name), ov_buf_span(&note), 0644) &&
           queue_if_complete(in, name);
}

bool staged_sign_as_ci(struct instance *in, const char *name)
{
    struct staged *s = ov_arena_alloc(in->arena, sizeof(*s));

    if (s == NULL || !key_has_private(in, "ci") ||
        !disk_exists(note_path(in, name)))
        return true;
    if (!staged_read(in, name, s))
        return false;
    return s->opened.signers.count[OV_CI] > 0 || staged_sign(in, name, "ci");
}

bool staged_queue(struct instance *in, const char *name,
                  const struct ov_buf *note)
{
    return disk_write(path_in(in, "log-queue/%s.note", name), ov_buf_span(note),
                      0644);
}

/* -- the log -- */

/* Runs overt-logd with these words and what the instance has set, and waits. */
static bool run_logd(struct instance *in, const char *word, const char *file,
                     bool is_running)
{
    const char *passphrase = option_get(&in->args, OPT_passphrase_file);
    const char *words[8] = {word, path_in(in, "logd")};
    size_t n = 2;
    int code;

    if (file != NULL)
        words[n++] = file;
    if (is_running) {
        words[n++] = "--wait";
    } else {
        words[n++] = "--policy";
        words[n++] = path_in(in, "policy");
    }
    if (passphrase != NULL) {
        words[n++] = "--passphrase-file";
        words[n++] = passphrase;
    }
    if (!run_command("overt-logd", words, n, RUN_WITHOUT_STDOUT, &code))
        return false;
    if (code != 0)
        return tell_error("overt-logd %s ended with %d: what is queued stays "
                          "in log-queue and is taken next time",
                          word, code);
    return true;
}

/* A log that runs as a service takes entries through its socket. */
static bool is_running(struct instance *in)
{
    return disk_exists(path_in(in, "logd/socket"));
}

/* What begins a log comes before all else, and behind what ends one nothing may
 * come. */
enum turn {
    TURN_BEGINS,
    TURN_NONE,
    TURN_ENDS
};

static enum turn turn_of(const char *name)
{
    if (strncmp(name, "log-start", strlen("log-start")) == 0)
        return TURN_BEGINS;
    return strncmp(name, "log-end", strlen("log-end")) == 0 ? TURN_ENDS
                                                            : TURN_NONE;
}

static bool add_those(struct instance *in, const struct history *h,
                      const struct disk_names *names, enum turn which)
{
    bool ok = true;

    for (size_t i = 0; ok && i < names->n; i++) {
        const char *path = path_in(in, "log-queue/%s", names->names[i]);
        struct ov_span note;
        uint64_t index;

        if (turn_of(names->names[i]) != which)
            continue;
        ok = read_in(in, path, &note);
        if (ok && !history_find(h, note, &index))
            ok = run_logd(in, "add", path, is_running(in));
    }
    return ok;
}

static bool add_queued(struct instance *in, const struct history *h)
{
    struct disk_names names;
    bool ok = disk_list(path_in(in, "log-queue"), ".note", &names) &&
              add_those(in, h, &names, TURN_BEGINS) &&
              add_those(in, h, &names, TURN_NONE) &&
              add_those(in, h, &names, TURN_ENDS);

    disk_names_done(&names);
    return ok;
}

/* What is in the log now leaves the queue. */
static bool clear_queue(struct instance *in, const struct history *h)
{
    struct disk_names names;
    bool ok = disk_list(path_in(in, "log-queue"), ".note", &names);
    size_t n_left = 0;

    for (size_t i = 0; ok && i < names.n; i++) {
        const char *path = path_in(in, "log-queue/%s", names.names[i]);
        struct ov_span note;
        uint64_t index;

        ok = read_in(in, path, &note);
        if (!ok || !history_find(h, note, &index)) {
            n_left++;
            continue;
        }
        tell("entry %llu: %s", (unsigned long long)index, names.names[i]);
        ok = disk_move(
            path, path_in(in, "logged/%llu.note", (unsigned long long)index));
    }
    disk_names_done(&names);
    if (ok && n_left > 0)
        return tell_error("%zu entries are not in the log: is it running, are "
                          "enough witnesses there?",
                          n_left);
    return ok;
}

static bool has_queue(struct instance *in, bool *ret)
{
    struct disk_names names;
    bool ok = disk_list(path_in(in, "log-queue"), ".note", &names);

    *ret = names.n > 0;
    disk_names_done(&names);
    return ok;
}

bool log_take(struct instance *in, struct history *ret)
{
    bool is_any;

    if (!has_queue(in, &is_any))
        return false;
    /* What the log had taken when this was stopped: not to add it twice. */
    if (is_any && !is_running(in) && !run_logd(in, "once", NULL, false))
        return false;
    return history_read(in, ret) && turn_if_due(in, ret) &&
           add_queued(in, ret) &&
           (is_running(in) || run_logd(in, "once", NULL, false)) &&
           history_read(in, ret) && clear_queue(in, ret) &&
           history_publish_tiles(in, ret);
}
