/* SPDX-License-Identifier: Apache-2.0 */
#include "host/cloud_ask.h"

#include <string.h>
#include <time.h>

#include "base/text.h"
#include "host/output.h"

struct cloud_ask {
    const char *state;
    const char *ledger;         /* the state that has it */
    struct ov_mirrors *mirrors; /* NULL: nobody is asked */
    struct outbound_log *log;
    unsigned spawn_flags;
};

void cloud_ask_free(struct cloud_ask *a)
{
    if (a == NULL)
        return;
    ov_mirrors_free(a->mirrors); /* may still write to the log */
    outbound_log_close(a->log);
    ov_free(a);
}

static bool add_places(struct cloud_ask *a, const struct setting_list *places)
{
    struct ov_diag diag = {0};

    a->mirrors = ov_mirrors_new(a->spawn_flags);
    if (a->mirrors == NULL)
        return false;
    for (size_t i = 0; i < places->n; i++) {
        if (ov_mirrors_add(a->mirrors, places->items[i], &diag) != OV_OK) {
            out_error("cloud: %s: %s", places->items[i], diag.text);
            return false;
        }
    }
    return true;
}

static bool open_log(struct cloud_ask *a, const char *command)
{
    struct ov_diag diag = {0};
    struct ov_fetch_book book;

    if (!ov_mirrors_need_network(a->mirrors))
        return true;
    if (outbound_log_open(a->ledger, command, &a->log, &diag) != OV_OK) {
        out_error("%s: %s", a->ledger, diag.text);
        return false;
    }
    book = outbound_log_book(a->log);
    ov_mirrors_set_book(a->mirrors, &book, OUTBOUND_CLOUD);
    return true;
}

bool cloud_ask_new_noted(const char *state, const char *ledger,
                         const struct setting_list *places, const char *command,
                         unsigned spawn_flags, struct cloud_ask **ret)
{
    struct cloud_ask *a = ov_alloc(sizeof(*a));

    if (a == NULL)
        return false;
    *a = (struct cloud_ask){
        .state = state, .ledger = ledger, .spawn_flags = spawn_flags};
    if (places != NULL && places->n > 0 &&
        (!add_places(a, places) || !open_log(a, command))) {
        cloud_ask_free(a);
        return false;
    }
    *ret = a;
    return true;
}

bool cloud_ask_new(const char *state, const struct setting_list *places,
                   const char *command, unsigned spawn_flags,
                   struct cloud_ask **ret)
{
    return cloud_ask_new_noted(state, state, places, command, spawn_flags, ret);
}

static bool gather(void *data, struct ov_span text)
{
    struct cloud_said *s = data;
    size_t have = strlen(s->text);

    if (text.len >= sizeof(s->text) - have ||
        ov_span_find_byte(text, 0, 0) != SIZE_MAX)
        return false;
    memcpy(s->text + have, text.ptr, text.len);
    return true;
}

enum ov_status cloud_ask_run(struct cloud_ask *a, enum ov_trust_task task,
                             const char *argument, struct cloud_said *ret,
                             struct ov_diag *diag)
{
    OV_AUTO(state) state = NULL;
    struct ov_trust_job job = {.task = task,
                               .mirrors = a->mirrors,
                               .channel = "",
                               .argument = argument,
                               .now = (uint64_t)time(NULL),
                               .spawn_flags = a->spawn_flags,
                               .write = gather,
                               .data = ret};
    struct ov_trust_result result;
    uint64_t number;

    *ret = (struct cloud_said){.status = OV_OK};
    /* To write there is only one at a time: a look-up, which waits for servers,
     * must not hold up an update. */
    OV_TRY(ov_state_open(a->state, task == OV_TRUST_CLOUD ? OV_STATE_WRITE : 0,
                         &state, diag));
    job.state = state;
    job.evidence = task == OV_TRUST_CLOUD ? NULL : a->state;
    OV_TRY(ov_trust_run(&job, &result, diag));
    number = cloud_said_number(ret, "status");
    if (number >= OV_N_STATUS || cloud_said_value(ret, "status").len == 0)
        return ov_diag_set(diag, OV_MALFORMED, 0, "the judge talks nonsense");
    ret->status = (enum ov_status)number;
    return OV_OK;
}

struct ov_span cloud_said_value(const struct cloud_said *s, const char *name)
{
    struct ov_span rest = ov_span_str(s->text);
    struct ov_span line;
    struct ov_span word;

    while (rest.len > 0) {
        (void)ov_span_cut(&rest, '\n', &line);
        (void)ov_span_cut(&line, ' ', &word);
        if (ov_span_equal(word, ov_span_str(name)))
            return line;
    }
    return (struct ov_span){NULL, 0};
}

uint64_t cloud_said_number(const struct cloud_said *s, const char *name)
{
    uint64_t n = 0;

    (void)ov_parse_uint(cloud_said_value(s, name), UINT64_MAX, &n);
    return n;
}
