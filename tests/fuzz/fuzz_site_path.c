/* SPDX-License-Identifier: Apache-2.0 */
#include "../../src/programs/center/site_path.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[SITE_NAME_MAX];

    if (!site_path_parse(ov_span_of(data, size), name))
        return 0;
    FUZZ_CHECK(strlen(name) < sizeof(name));
    FUZZ_CHECK(strstr(name, "..") == NULL ||
               (strstr(name, "/..") == NULL && name[0] != '.'));
    FUZZ_CHECK(name[0] != '/' && name[0] != '.');
    FUZZ_CHECK(strstr(name, "/.") == NULL && strstr(name, "//") == NULL);
    FUZZ_CHECK(site_path_type(name) != NULL && site_path_age(name) > 0);
    (void)site_path_is_packed(name);
    return 0;
}
