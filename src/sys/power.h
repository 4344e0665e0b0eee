/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* Where the machine's power comes from, as the kernel tells it
 * (Documentation/ABI/testing/sysfs-class-power). */

#define OV_POWER_FOLDER "/sys/class/power_supply"

/* True if a battery of the machine itself (not of a mouse) is being discharged
 * and no mains supply is online; false also where nothing can be told. folder
 * has a folder for each supply. */
bool ov_power_is_battery(const char *folder);
