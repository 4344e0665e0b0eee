/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav.h"
#include "rules/compile.h"

/* From files to parts, whatever their language: which sources there are
 * (containers are opened), how they are cut into pieces for several threads,
 * and the front end that reads a piece. Used by the judge and by libovert. */

/* Whether a file of this name holds rules: by its extension, any case. */
bool ov_sources_knows(struct ov_span name);

struct ov_sources;

/* An empty set. trust is copied, but borrows its key. NULL if memory is out.
 * Returns owned. */
struct ov_sources *ov_sources_new(const struct ov_clamav_trust *trust) OV_ALLOC;
void ov_sources_free(struct ov_sources *s);
OV_DEFINE_AUTO(sources)

/* Adds a file; borrows name and text until the set is freed. A container adds
 * one source for each database in it, "daily.cvd/daily.ndb". OV_UNSUPPORTED if
 * the name tells of no rule language; else what opening a container says. */
OV_MUST_USE enum ov_status ov_sources_add(struct ov_sources *s,
                                          struct ov_span name,
                                          struct ov_span text,
                                          struct ov_diag *diag);

/* Adds a file of YARA rules, whatever its name, to a namespace: its rules may
 * refer to those of files before it. Without one (empty) the file is a
 * namespace of its own. */
OV_MUST_USE enum ov_status ov_sources_add_yara(struct ov_sources *s,
                                               struct ov_span name,
                                               struct ov_span space,
                                               struct ov_span text);

/* Values that the user gives to conditions; borrowed. Before any piece is
 * parsed. */
struct ov_external;
void ov_sources_set_externals(struct ov_sources *s,
                              const struct ov_external *externals, size_t n);

/* YARA's rules may ask for the file's name and so on (file_value.h) though
 * there are no external variables of these names. */
void ov_sources_allow_file_values(struct ov_sources *s);

/* Has pieces list what yara warns about. Before any is parsed. */
void ov_sources_want_warnings(struct ov_sources *s);

/* A file that another one includes, and that is to be given or refused before
 * the next is asked for. */
struct ov_sources_wanted {
    uint32_t file; /* that includes it: the how-manieth that was given, from
                      0, those that were included among them */
    struct ov_span path; /* as written there */
    struct ov_span name; /* what it will be called: beside that file's name */
};

/* False if no file is wanted (any more). OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_sources_wants(struct ov_sources *s,
                                            struct ov_sources_wanted *ret,
                                            bool *ret_is_wanted);

/* Gives what was wanted last; borrows text. */
OV_MUST_USE enum ov_status ov_sources_give(struct ov_sources *s,
                                           struct ov_span text);

/* Says that it cannot be had: the include is an error. */
void ov_sources_refuse(struct ov_sources *s);

/* Adds a record of an installed release: its name tells of nothing, its kind is
 * an extension ("ndb", "yar"). Its rules count as official, since whoever makes
 * records has checked who vouches for them. OV_UNSUPPORTED for a container, or
 * if the kind tells of no rule language. */
OV_MUST_USE enum ov_status ov_sources_add_record(struct ov_sources *s,
                                                 struct ov_span name,
                                                 struct ov_span kind,
                                                 struct ov_span text);

/* Sources so far, in order; for struct ov_compile_job. */
const struct ov_source *ov_sources_list(const struct ov_sources *s,
                                        size_t *ret_n);

/* A run of whole lines of one source. */
struct ov_piece {
    uint32_t source;
    uint32_t first_line;
    struct ov_span text;
};

/* Cuts all sources into pieces of about `size` bytes, in order. Languages that
 * cannot be cut are one piece. Returns owned by the set. */
OV_MUST_USE enum ov_status ov_sources_cut(struct ov_sources *s, size_t size,
                                          const struct ov_piece **ret,
                                          size_t *ret_n);

/* Reads one piece. May be called from several threads for different pieces of
 * one set. On OV_MALFORMED the part is still returned (its skips tell every
 * line at fault), and diag has the first one's line and words. Returns owned.
 */
OV_MUST_USE enum ov_status ov_sources_parse(const struct ov_sources *s,
                                            const struct ov_piece *piece,
                                            struct ov_part **ret,
                                            struct ov_diag *diag);
