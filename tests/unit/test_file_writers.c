/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/file_writers.h"
#include "test.h"

static void sees_who_could_change_a_file(void **state)
{
    char path[] = "/tmp/overt-writers-XXXXXX";
    int writer = mkstemp(path);
    OV_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    void *map;

    (void)state;
    ov_file_writers_prepare();
    assert_true(writer >= 0 && fd >= 0);
    assert_int_equal(ftruncate(writer, 4096), 0);
    assert_int_equal(ov_file_writers(fd), OV_WRITERS_SOME);
    assert_int_equal(ov_file_writers(writer), OV_WRITERS_SOME);
    map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, writer, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(close(writer), 0);
    assert_int_equal(ov_file_writers(fd), OV_WRITERS_SOME);
    assert_int_equal(munmap(map, 4096), 0);
    assert_int_equal(ov_file_writers(fd), OV_WRITERS_NONE);
    assert_int_equal(ov_file_writers(fd), OV_WRITERS_NONE); /* given back */
    assert_int_equal(unlink(path), 0);
}

static void says_where_it_cannot_know(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(ov_file_writers(ends[0]), OV_WRITERS_UNKNOWN);
    (void)!close(ends[0]);
    (void)!close(ends[1]);
}

OV_TEST_MAIN(OV_TEST(sees_who_could_change_a_file),
             OV_TEST(says_where_it_cannot_know))
