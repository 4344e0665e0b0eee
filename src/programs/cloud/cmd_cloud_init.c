/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cloud.h"
#include "sys/file.h"

/*
 * overt-cloud init DIR --instance PUBLISHER: the folder of a cloud that speaks
 * for an instance that overt-publish has made: its name, its log, its policy,
 * its builders' keys. Each of them can be given on its own.
 *
 * --private --trust STATE: it also takes what a public cloud says
 * (cmd_import.c), as far as that state, which overt update has made, trusts its
 * publisher.
 */

#define DEFAULT_DAYS "14"

/* The option, made absolute; else PUBLISHER/preset if there is one; "" without
 * either. */
static bool find_place(const struct cloud *c, const char *option,
                       const char *preset, char ret[static CLOUD_PATH_MAX])
{
    const char *instance = cloud_option(c, "instance");
    const char *given = cloud_option(c, option);
    OV_AUTO_DONE(buf) path = ov_buf_with_max(CLOUD_PATH_MAX);
    OV_AUTO_DONE(buf) room = ov_buf_with_max(PATH_MAX);
    char *real = (char *)ov_buf_room(&room, PATH_MAX);

    ret[0] = '\0';
    if (given == NULL && (instance == NULL || preset == NULL))
        return true;
    if (given != NULL)
        ov_put_str(&path, given);
    else
        ov_put_format(&path, "%s/%s", instance, preset);
    ov_put_u8(&path, 0);
    if (real == NULL || ov_buf_status(&path) != OV_OK ||
        realpath((const char *)path.ptr, real) == NULL ||
        strlen(real) >= CLOUD_PATH_MAX) {
        (void)cloud_say("%s: %s", (const char *)path.ptr, strerror(errno));
        return false;
    }
    memcpy(ret, real, strlen(real) + 1);
    return true;
}

/* The name in PUBLISHER/keys/ci.pub and so on is KEY.NAME: the policy's first
 * line has the log's, NAME/log/..., and the people file begins with it. */
static bool find_name(const struct cloud *c, struct ov_buf *ret)
{
    const char *instance = cloud_option(c, "instance");
    const char *given = cloud_option(c, "name");
    OV_AUTO_DONE(buf) path = ov_buf_with_max(CLOUD_PATH_MAX);
    OV_AUTO_DONE(buf) people = ov_buf_with_max(1 << 20);
    struct ov_span left;
    struct ov_span name;

    if (given != NULL) {
        ov_put_str(ret, given);
        return true;
    }
    ov_put_format(&path, "%s/people", instance != NULL ? instance : ".");
    ov_put_u8(&path, 0);
    if (instance == NULL ||
        ov_file_read((const char *)path.ptr, &people) != OV_OK) {
        (void)cloud_say("say --instance FOLDER of a publisher, or --name, "
                        "--log, --policy and --keys");
        return false;
    }
    left = ov_buf_span(&people);
    (void)ov_span_cut(&left, '/', &name);
    ov_put_span(ret, name);
    return true;
}

static bool make_folders(const struct cloud *c)
{
    char path[CLOUD_PATH_MAX];

    if (!cloud_path(c, path, "tree/v1/snap/x"))
        return false;
    ov_folders_make(path);
    if (!cloud_path(c, path, "tree/v1/delta/x"))
        return false;
    ov_folders_make(path);
    return true;
}

static int write_conf(const struct cloud *c, struct ov_span text)
{
    struct ov_diag diag = {0};
    char path[CLOUD_PATH_MAX];

    if (!make_folders(c) || !cloud_path(c, path, "cloud.conf"))
        return CLOUD_FAILED;
    if (ov_file_create(path, text, 0644, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    return CLOUD_OK;
}

int cmd_init(struct cloud *c)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(1 << 16);
    const char *days = cloud_option(c, "days");
    char log[CLOUD_PATH_MAX];
    char policy[CLOUD_PATH_MAX];
    char keys[CLOUD_PATH_MAX];
    char trust[CLOUD_PATH_MAX];

    if (c->n_words != 1 || (cloud_option(c, "private") == NULL) !=
                               (cloud_option(c, "trust") == NULL)) {
        (void)cloud_say(c->n_words != 1
                            ? "say the folder to make; see --help"
                            : "--private wants --trust STATE, and the other "
                              "way round");
        return CLOUD_USAGE;
    }
    c->dir = c->words[0];
    ov_put_str(&text, "name ");
    if (!find_name(c, &text) || !find_place(c, "log", "logd", log) ||
        !find_place(c, "policy", "policy", policy) ||
        !find_place(c, "keys", "keys", keys) ||
        !find_place(c, "trust", NULL, trust))
        return CLOUD_FAILED;
    ov_put_format(&text, "\ndays %s\n", days != NULL ? days : DEFAULT_DAYS);
    if (log[0] != '\0')
        ov_put_format(&text, "log %s\n", log);
    if (policy[0] != '\0')
        ov_put_format(&text, "policy %s\n", policy);
    if (keys[0] != '\0')
        ov_put_format(&text, "keys %s\n", keys);
    if (trust[0] != '\0')
        ov_put_format(&text, "trust %s\n", trust);
    if (ov_buf_status(&text) != OV_OK)
        return cloud_say("the names are too long");
    return write_conf(c, ov_buf_span(&text));
}
