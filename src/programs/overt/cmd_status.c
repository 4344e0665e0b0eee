/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>

#include "command.h"
#include "host/option.h"
#include "host/output.h"
#include "quarantine_recalled.h"
#include "status_daemon.h"
#include "status_update.h"
#include "sys/channel.h"
#include "sys/deny.h"
#include "sys/fd.h"
#include "sys/locate.h"
#include "sys/spawn.h"
#include "sys/wire.h"

/* overt status: version, places, what jail this machine gives, tried by
 * starting each helper once, what the daemon does, and what updates have
 * installed. */

struct status_options {
    bool is_json;
    bool has_sandbox;
    const char *control;
};

static const char *set_json(void *data, const char *value)
{
    (void)value;
    ((struct status_options *)data)->is_json = true;
    return NULL;
}

static const char *set_sandbox(void *data, const char *value)
{
    (void)value;
    ((struct status_options *)data)->has_sandbox = true;
    return NULL;
}

static const char *set_control(void *data, const char *value)
{
    ((struct status_options *)data)->control = value;
    return NULL;
}

static const struct option_row rows[] = {
    {"sandbox", 0, NULL, "the table of what each jailed process may do",
     set_sandbox},
    {"json", 0, NULL, "as one JSON object", set_json},
    {"control", 0, "PATH", "overtd's control socket", set_control},
};

static const struct option_list options = {"overt status", "[OPTION]...", rows,
                                           sizeof(rows) / sizeof(rows[0])};

struct helper {
    const char *role;
    enum ov_msg ready;
    enum ov_msg failed;
    enum ov_link link;
};

static const struct helper helpers[] = {
    {"worker", OV_MSG_READY, OV_MSG_FAILED, OV_FROM_WORKER},
    {"judge", OV_MSG_JUDGE_READY, OV_MSG_REFUSED, OV_FROM_JUDGE},
    {"fetch", OV_MSG_FETCH_READY, OV_MSG_FETCH_FAILED, OV_FROM_FETCH},
};

static enum ov_status ask(const struct helper *h, int socket, uint8_t *packet,
                          struct ov_jail *ret)
{
    OV_AUTO_FD fd = -1;
    struct ov_span bytes;
    struct ov_message m;

    OV_TRY(ov_channel_receive(socket, packet, &bytes, &fd));
    OV_TRY(ov_msg_decode(bytes, fd >= 0, h->link, OV_PEER_STARTING, &m));
    if (m.type != h->ready)
        return OV_DENIED;
    return ov_wire_read_jail(m.body, ret);
}

/* The best that can be had, so that what is missing can be named. */
static enum ov_status try_helper(const struct helper *h, struct ov_jail *ret)
{
    OV_AUTO_PTR uint8_t *packet = ov_alloc(OV_MSG_MAX);
    struct ov_child child;
    struct ov_diag diag;
    enum ov_status status;

    if (packet == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_spawn(h->role, OV_SPAWN_BEST_EFFORT, &child, &diag));
    status = ask(h, child.socket, packet, ret);
    (void)ov_child_end(&child, true); /* it was only asked */
    return status;
}

static void put_helper(struct out *o, const struct helper *h,
                       const struct ov_jail *jail)
{
    out_format(o, "%-8s %s;", h->role,
               ov_jail_is_whole(jail) ? "jailed" : "CANNOT BE FULLY JAILED");
    for (unsigned i = 0; i < OV_N_STEPS; i++)
        out_format(o, " %s%s", (jail->steps >> i & 1) != 0 ? "" : "no ",
                   ov_step_name((enum ov_step)i));
    out_format(o, " (Landlock ABI %u, profile %016llx)\n", jail->landlock_abi,
               (unsigned long long)jail->fingerprint);
}

static void put_helper_json(struct out *o, const struct helper *h,
                            const struct ov_jail *jail)
{
    out_format(o, ",\"%s\":{\"jailed\":%s,\"landlock_abi\":%u,\"steps\":{",
               h->role, ov_jail_is_whole(jail) ? "true" : "false",
               jail->landlock_abi);
    for (unsigned i = 0; i < OV_N_STEPS; i++)
        out_format(o, "%s\"%s\":%s", i > 0 ? "," : "",
                   ov_step_name((enum ov_step)i),
                   (jail->steps >> i & 1) != 0 ? "true" : "false");
    out_format(o, "}}");
}

static void put_place(struct out *o, bool is_json, const char *name,
                      enum ov_status (*place)(struct ov_buf *))
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct ov_span text = OV_SPAN_LIT("none");

    if (place(&path) == OV_OK)
        text = ov_span_of(path.ptr, path.len - 1);
    if (is_json) {
        out_format(o, ",\"%s\":", name);
        out_json(o, text);
    } else {
        out_format(o, "%-8s ", name);
        out_escaped(o, text);
        out_format(o, "\n");
    }
}

static int print_status(struct out *o, const struct status_options *s)
{
    bool is_json = s->is_json;
    bool is_good = true;
    int code;

    if (is_json)
        out_format(o, "{\"version\":\"%s\"", OV_VERSION);
    else
        out_format(o, "overt    %s\n", OV_VERSION);
    put_place(o, is_json, "rules", ov_locate_rules);
    put_place(o, is_json, "cache", ov_locate_cache);
    for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++) {
        struct ov_jail jail = {0};

        if (try_helper(&helpers[i], &jail) != OV_OK)
            out_error("status: overt-%s cannot be started: install overt again",
                      helpers[i].role);
        is_good &= ov_jail_is_whole(&jail);
        if (is_json)
            put_helper_json(o, &helpers[i], &jail);
        else
            put_helper(o, &helpers[i], &jail);
    }
    status_daemon_print(o, s->control, is_json);
    quarantine_recalled_status(o, is_json);
    code = status_update_print(o, is_json);
    if (is_json)
        out_format(o, "}\n");
    return is_good ? code : EXIT_ERROR;
}

int cmd_status(int argc, char **argv)
{
    struct status_options s = {0};
    struct out *o = out_standard();
    bool is_help = false;
    int code = EXIT_CLEAN;

    if (!options_parse(&options, &argc, argv, &s, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (s.has_sandbox) {
        ov_put_sandbox(&o->text);
        ov_put_denied(&o->text);
    } else {
        code = print_status(o, &s);
    }
    return out_flush(o) ? code : EXIT_ERROR;
}
