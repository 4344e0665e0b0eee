/* SPDX-License-Identifier: Apache-2.0 */
#include "submit_place.h"

#include <stdlib.h>

/* Names alone: a link into a private place is resolved before. Downloads are
 * not private, as that is where what is to be submitted comes from. */

static bool is_below(struct ov_span path, struct ov_span folder)
{
    return ov_span_starts(path, folder) &&
           (path.len == folder.len || ov_span_byte(path, folder.len) == '/');
}

/* In somebody's home: hidden folders, and those for what people make. */
static bool is_private_in_home(struct ov_span rest)
{
    static const char *const folders[] = {"Documents", "Desktop", "Pictures",
                                          "Music",     "Videos",  "Mail"};
    struct ov_span first;

    if (ov_span_starts(rest, OV_SPAN_LIT("/")))
        rest = ov_span_clip(rest, 1, rest.len);
    (void)ov_span_cut(&rest, '/', &first);
    if (ov_span_starts(first, OV_SPAN_LIT(".")))
        return true;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (ov_span_equal(first, ov_span_str(folders[i])))
            return true;
    }
    return false;
}

bool submit_place_is_private(const struct setting_list *places,
                             struct ov_span path)
{
    const char *home = getenv("HOME");
    struct ov_span rest = path;
    struct ov_span name;

    for (size_t i = 0; i < places->n; i++) {
        if (is_below(path, ov_span_str(places->items[i])))
            return true;
    }
    if (home != NULL && home[0] == '/' && is_below(path, ov_span_str(home)))
        return is_private_in_home(ov_span_clip(path, strlen(home), path.len));
    if (!ov_span_starts(path, OV_SPAN_LIT("/home/")))
        return false;
    rest = ov_span_clip(path, 6, path.len);
    (void)ov_span_cut(&rest, '/', &name);
    return is_private_in_home(rest);
}
