/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/power.h"
#include "torture.h"

static char folder[] = "/tmp/overt-test-power.XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *f)
{
    (void)st;
    (void)type;
    (void)f;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* As the kernel's files: a line. */
static void set(const char *supply, const char *attribute, const char *value)
{
    char path[200];
    FILE *f;

    assert_true(mkdir(supply, 0700) == 0 || errno == EEXIST);
    (void)snprintf(path, sizeof(path), "%s/%s", supply, attribute);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fprintf(f, "%s\n", value) > 0);
    assert_int_equal(fclose(f), 0);
}

static void without_supplies_it_is_no_battery(void **state)
{
    (void)state;
    assert_false(ov_power_is_battery("nowhere"));
    assert_false(ov_power_is_battery("."));
}

static void battery_that_feeds_counts(void **state)
{
    (void)state;
    set("BAT0", "type", "Battery");
    assert_false(ov_power_is_battery(".")); /* nobody knows */
    set("BAT0", "status", "Charging");
    assert_false(ov_power_is_battery("."));
    set("BAT0", "status", "Discharging");
    assert_true(ov_power_is_battery("."));
}

static void mains_count_more(void **state)
{
    (void)state;
    set("BAT0", "type", "Battery");
    set("BAT0", "status", "Discharging");
    set("AC", "type", "Mains");
    set("AC", "online", "1");
    assert_false(ov_power_is_battery("."));
    set("AC", "online", "0");
    assert_true(ov_power_is_battery("."));
}

static void battery_of_a_mouse_does_not_count(void **state)
{
    (void)state;
    set("BAT0", "type", "Battery");
    set("BAT0", "status", "Full");
    set("AC", "online", "0");
    set("hid", "type", "Battery");
    set("hid", "scope", "Device");
    set("hid", "status", "Discharging");
    assert_false(ov_power_is_battery("."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_supplies_it_is_no_battery),
        cmocka_unit_test(battery_that_feeds_counts),
        cmocka_unit_test(mains_count_more),
        cmocka_unit_test(battery_of_a_mouse_does_not_count),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
