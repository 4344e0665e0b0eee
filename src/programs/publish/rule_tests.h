/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "instance.h"

/* The tests of a rule: samples that it must find, samples and a corpus in which
 * it must find nothing, each scanned by overt's own jailed workers. */

struct rule_tests {
    const char *rule;   /* file with the source, its extension is the kind */
    const char *folder; /* with bad/ and good/ */
    const char *corpus; /* NULL: none */
};

/* Appends the results as text, which depends on the bytes of rule and samples
 * alone: whoever runs the tests again gets the same digest. *ret_n_failed: how
 * many samples were not as they should be. */
bool rule_tests_run(struct instance *in, const struct rule_tests *t,
                    struct ov_buf *results, unsigned *ret_n_failed);

/* Copies samples into folder/bad or folder/good, under their digests. */
bool rule_tests_add(struct instance *in, const char *folder, enum option which);
