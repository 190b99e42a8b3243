/* Limits by control groups, on trees of folders made for it. */
#define _POSIX_C_SOURCE 200809L
#include "tests/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/processors.h"

static char root[64];

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static size_t limit(void)
{
    char membership[128];
    snprintf(membership, sizeof membership, "%s/membership", root);
    return processors_in_group(membership, root);
}

static int fresh(void **state)
{
    (void)state;
    strcpy(root, "processors-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int gone(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r ./%s", root);
    return system(command);
}

static void test_version_2(void **state)
{
    (void)state;
    put("membership", "0::/user/job\n");
    assert_true(limit() == SIZE_MAX); /* no files at all */
    put("user/job/cpu.max", "max 100000\n");
    assert_true(limit() == SIZE_MAX);
    put("user/job/cpu.max", "250000 100000\n");
    assert_int_equal(limit(), 3); /* rounded up */
    put("user/cpu.max", "200000 100000\n");
    assert_int_equal(limit(), 2); /* the folder above is tighter */
    put("cpu.max", "20000 100000\n");
    assert_int_equal(limit(), 1); /* a fifth of a processor is one */
}

/* In a container the group's own path is not there, only the root. */
static void test_path_outside(void **state)
{
    (void)state;
    put("membership", "0::/somewhere/else\n");
    put("cpu.max", "400000 100000\n");
    assert_int_equal(limit(), 4);
    put("membership", "0::/../../etc\n");
    assert_int_equal(limit(), 4);
    put("membership", "0::/\n");
    assert_int_equal(limit(), 4);
}

static void test_version_1(void **state)
{
    (void)state;
    put("membership", "12:memory:/a\n3:cpuset:/a\n4:cpu,cpuacct:/a\n0::/\n");
    put("cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
    put("cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
    put("cpuset/a/cpu.cfs_quota_us", "100000\n");
    put("cpuset/a/cpu.cfs_period_us", "100000\n");
    assert_true(limit() == SIZE_MAX);
    put("cpu,cpuacct/a/cpu.cfs_quota_us", "600000\n");
    assert_int_equal(limit(), 6);
}

static void test_nonsense_is_no_limit(void **state)
{
    (void)state;
    assert_true(limit() == SIZE_MAX); /* no membership file */
    put("membership", "nonsense\n\n::::\n0::/a\n");
    static const char *const texts[] = {"", "max", "x y", "-5 100", "100 0", "0 100000", "nan 1",
                                        "1e300 1", "100000"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put("a/cpu.max", texts[i]);
        assert_true(limit() == SIZE_MAX);
    }
}

static void test_this_machine(void **state)
{
    (void)state;
    const size_t count = processors_available();
    assert_true(count >= 1 && count <= (size_t)sysconf(_SC_NPROCESSORS_CONF));
    assert_true(processor_second_cache() >= 512 * 1024);
    assert_true(processor_near_cache() >= 32 * 1024 && processor_near_cache() < 16 * 1024 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_version_2, fresh, gone),
        cmocka_unit_test_setup_teardown(test_path_outside, fresh, gone),
        cmocka_unit_test_setup_teardown(test_version_1, fresh, gone),
        cmocka_unit_test_setup_teardown(test_nonsense_is_no_limit, fresh, gone),
        cmocka_unit_test(test_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
