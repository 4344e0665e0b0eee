/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon_page.h"

#include "host/config.h"
#include "sys/control_client.h"

#define MAX_PAGE ((size_t)2 << 20)
#define USUAL_PLACE "/run/overt/control"

void daemon_page_done(struct daemon_page *p)
{
    ov_arena_free(p->arena);
    ov_buf_done(&p->text);
    *p = (struct daemon_page){.text = ov_buf_with_max(MAX_PAGE)};
}

static const char *set_control(void *data, const char *value)
{
    *(const char **)data = value;
    return NULL;
}

/* The daemon's own file, whoever asks. */
bool daemon_place(const char *control, const char **ret)
{
    static const struct option_row rows[] = {
        {"control", 0, "PATH", "", set_control}};
    static const struct option_list list = {"[daemon]", "", rows, 1};
    static struct config_file file = {.path = CONFIG_SYSTEM_PATH};
    const char *place = USUAL_PLACE;
    const struct config_section section = {"daemon", &list, &place, true};

    if (control == NULL && !config_read(&file, &section, 1))
        return false;
    *ret = control != NULL ? control : place;
    return true;
}

enum ov_status daemon_page_get(const char *socket, const char *page,
                               struct daemon_page *ret, struct ov_diag *diag)
{
    struct daemon_page p = {.text = ov_buf_with_max(MAX_PAGE)};
    enum ov_status status = ov_control_ask(socket, "GET", page, &p.text, diag);

    if (status == OV_OK) {
        if (p.text.len > 0 && p.text.ptr[p.text.len - 1] == '\n')
            p.text.len--;
        p.arena = ov_arena_new(OV_JSON_ARENA(p.text.len));
        status = p.arena == NULL
                     ? OV_NO_MEMORY
                     : ov_json_parse_any(p.arena, ov_buf_span(&p.text),
                                         MAX_PAGE, &p.json);
        if (status != OV_OK)
            (void)ov_diag_set(diag, status, 0, "%s: not what was asked for",
                              socket);
    }
    if (status != OV_OK) {
        daemon_page_done(&p);
        return status;
    }
    *ret = p;
    return OV_OK;
}

uint64_t daemon_number(const struct ov_json *object, const char *name)
{
    int64_t n;

    if (ov_json_int(ov_json_get(object, ov_span_str(name)), 0, OV_JSON_MAX_INT,
                    &n) != OV_OK)
        return 0;
    return (uint64_t)n;
}

struct ov_span daemon_text(const struct ov_json *object, const char *name)
{
    struct ov_span text = {0};

    if (ov_json_string(ov_json_get(object, ov_span_str(name)), &text) != OV_OK)
        return (struct ov_span){0};
    return text;
}
