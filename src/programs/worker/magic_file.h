/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* libmagic over a database that was mapped before: for YARA's module "magic".
 * Nothing is read of the database, and no memory is taken, before the first
 * question. */
struct magic_file {
    struct ov_span database; /* compiled (magic.mgc); empty: there is none */
    void *cookie;            /* libmagic's; NULL before the first question */
    bool is_useless;         /* the database is not one of this libmagic's */
};

/* struct ov_scan_options' identify; data: a struct magic_file. */
bool magic_file_identify(void *data, struct ov_span bytes, bool is_mime,
                         struct ov_span *ret);
