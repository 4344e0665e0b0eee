/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "modules/dotnet_module.h"

/* Names of .NET types: of classes, and of what signatures are made of. */

/* Names of generic parameters. */
struct dotnet_generics {
    struct ov_span *names;
    uint32_t n;
};

struct dotnet_types {
    struct ov_module_run *run;
    const struct dotnet *d;
    uint32_t *enclosing; /* by class, from 1: the class it is in, or 0 */
    struct ov_buf text;  /* of the type that is being written */
    uint64_t n_text;     /* bytes of all names so far */
    uint32_t n_read;     /* types so far */
};

/* Indexes of the rows that say which class is in which. */
OV_MUST_USE enum ov_status ov_dotnet_types_open(struct ov_module_run *run,
                                                const struct dotnet *d,
                                                struct dotnet_types *ret);
void ov_dotnet_types_done(struct dotnet_types *t);

/* So many names were made that this ends here. */
bool ov_dotnet_types_over(const struct dotnet_types *t);

/* "namespace.name" without what follows a backtick; spans that are not there
 * have ptr NULL. */
OV_MUST_USE enum ov_status ov_dotnet_join(struct dotnet_types *t,
                                          struct ov_span name,
                                          struct ov_span space,
                                          struct ov_span *ret);

/* A class's namespace: for one inside of a class that begins with its name. */
OV_MUST_USE enum ov_status
ov_dotnet_namespace(struct dotnet_types *t, uint32_t row, struct ov_span *ret);

/* The name of what a TypeDefOrRef column refers to; ptr NULL if there is none.
 */
OV_MUST_USE enum ov_status
ov_dotnet_type_of(struct dotnet_types *t, uint32_t coded,
                  const struct dotnet_generics *of_class, struct ov_span *ret);

/* Reads one type off the signature's rest; ptr NULL if it is none. */
OV_MUST_USE enum ov_status
ov_dotnet_read_type(struct dotnet_types *t, struct ov_span *rest,
                    const struct dotnet_generics *of_class,
                    const struct dotnet_generics *of_method,
                    struct ov_span *ret);

/* A number of a signature; 0, and nothing read, if it is none. */
uint32_t ov_dotnet_read_number(struct ov_span *rest);
