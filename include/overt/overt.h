/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/findings.h>

/* libovert: compile or open a rule image, scan bytes or a descriptor.
 *
 * The library parses hostile bytes in the process that calls it. The programs
 * of Overt call it only inside a jail (docs/sandbox.md); a program of yours
 * that scans what strangers send should do so too. */

/* An opened image. Immutable: may be shared by threads. */
struct ov_rules;

/* Maps an image made by ov_rules_save or `overt rules build`. The file must
 * not be changed in place while it is open (replace it by a rename). Returns
 * owned. */
OV_API OV_MUST_USE enum ov_status
ov_rules_open(const char *path, struct ov_rules **ret, struct ov_diag *diag);

/* Compiles rule files (ClamAV databases and YARA rules, by their extensions;
 * and what YARA rules include). diag->text names the file. Returns owned. */
OV_API OV_MUST_USE enum ov_status ov_rules_compile(const char *const *paths,
                                                   size_t n,
                                                   struct ov_rules **ret,
                                                   struct ov_diag *diag);

/* The same with external variables for YARA rules: "name=value", where true,
 * false and numbers are what they are and all else is text. */
OV_API OV_MUST_USE enum ov_status
ov_rules_compile_with(const char *const *paths, size_t n,
                      const char *const *defines, size_t n_defines,
                      struct ov_rules **ret, struct ov_diag *diag);

/* Writes the image to path by way of a temporary file and a rename. */
OV_API OV_MUST_USE enum ov_status ov_rules_save(const struct ov_rules *rules,
                                                const char *path,
                                                struct ov_diag *diag);
OV_API void ov_rules_free(struct ov_rules *rules);

/* The image's SHA-256 digest: the same sources give the same on any machine. */
OV_API void ov_rules_digest(const struct ov_rules *rules,
                            uint8_t ret[static 32]);

/* A scanner with its own memory: one per thread. Borrows rules. Returns owned.
 */
struct ov_session;
OV_API OV_MUST_USE enum ov_status ov_session_new(const struct ov_rules *rules,
                                                 struct ov_session **ret,
                                                 struct ov_diag *diag);
/* One over several images, which find together what one image would that is
 * compiled from the sources of all: n of them, at most 4. Borrows rules, not
 * the array. Returns owned. */
OV_API OV_MUST_USE enum ov_status
ov_session_new_of(const struct ov_rules *const *rules, size_t n,
                  struct ov_session **ret, struct ov_diag *diag);
OV_API void ov_session_free(struct ov_session *s);

/* Gives an external variable another value, "name=value", for this session's
 * next scans. A name that no rule knows is passed over; OV_USAGE with diag if
 * the rules were compiled with a value of another kind. */
OV_API OV_MUST_USE enum ov_status ov_session_define(struct ov_session *s,
                                                    const char *define,
                                                    struct ov_diag *diag);

/* Scans bytes as one file. options and findings may be NULL. Always gives an
 * outcome; what could not be looked at makes it inconclusive. */
OV_API void ov_session_scan(struct ov_session *s, struct ov_span bytes,
                            const struct ov_scan_options *options,
                            const struct ov_findings *findings,
                            struct ov_outcome *ret);

/* Reads all of a regular file's descriptor (at its start, whatever its
 * offset) and scans that. OV_IO, OV_NO_MEMORY. */
OV_API OV_MUST_USE enum ov_status
ov_session_scan_fd(struct ov_session *s, int fd,
                   const struct ov_scan_options *options,
                   const struct ov_findings *findings, struct ov_outcome *ret);

/* A type's name, for the type fields of detections and outcomes: "zip". */
OV_API const char *ov_type_word(uint32_t type);
