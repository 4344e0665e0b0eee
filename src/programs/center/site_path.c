/* SPDX-License-Identifier: Apache-2.0 */
#include "site_path.h"

#include <string.h>

/* Paths are hostile: only names that the site's makers give are let through.
 * Symbolic links are not followed where they are opened, and Landlock keeps the
 * process inside of the site. */

#define YEAR 31536000
#define MINUTE 60

static const struct {
    const char *end;
    const char *type;
    bool is_packed;
} types[] = {
    {".html", "text/html; charset=utf-8", true},
    {".js", "text/javascript; charset=utf-8", true},
    {".mjs", "text/javascript; charset=utf-8", true},
    {".css", "text/css; charset=utf-8", true},
    {".json", "application/json", true},
    {".csv", "text/csv; charset=utf-8", true},
    {".svg", "image/svg+xml", true},
    {".txt", "text/plain; charset=utf-8", true},
    {".pub", "text/plain; charset=utf-8", false},
    {".sig", "text/plain; charset=utf-8", false},
    {".minisig", "text/plain; charset=utf-8", false},
    {"/checkpoint", "text/plain; charset=utf-8", false},
};

#define N_TYPES (sizeof(types) / sizeof(types[0]))

static size_t type_of(const char *name)
{
    size_t i = 0;

    while (i < N_TYPES &&
           !ov_span_ends(ov_span_str(name), ov_span_str(types[i].end)))
        i++;
    return i;
}

bool site_path_parse(struct ov_span path, char ret_name[static SITE_NAME_MAX])
{
    static const char page[] = "index.html";
    int before = 0;

    if (path.len == 0 || path.len + sizeof(page) > SITE_NAME_MAX ||
        ov_span_byte(path, 0) != '/')
        return false;
    for (size_t i = 0; i < path.len; i++) {
        int c = ov_span_byte(path, i);

        if (before == '/' && (c == '.' || c == '/'))
            return false;
        if (!ov_is_alnum((uint8_t)c) && (c == 0 || strchr("/.-_", c) == NULL))
            return false;
        before = c;
    }
    memcpy(ret_name, path.ptr + 1, path.len - 1);
    memcpy(ret_name + path.len - 1, before == '/' ? page : "",
           before == '/' ? sizeof(page) : 1);
    return true;
}

const char *site_path_type(const char *name)
{
    size_t i = type_of(name);

    return i < N_TYPES ? types[i].type : "application/octet-stream";
}

bool site_path_is_packed(const char *name)
{
    size_t i = type_of(name);

    return i < N_TYPES && types[i].is_packed &&
           !ov_span_starts(ov_span_str(name), OV_SPAN_LIT("repo/"));
}

unsigned site_path_age(const char *name)
{
    static const char *const named_by_content[] = {
        "assets/", "repo/cas/", "repo/proof/", "repo/targets/"};

    for (size_t i = 0; i < 4; i++) {
        if (ov_span_starts(ov_span_str(name), ov_span_str(named_by_content[i])))
            return YEAR;
    }
    return MINUTE;
}
