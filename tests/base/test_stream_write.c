/* Writing: the target is replaced whole or not at all, and nothing is left behind. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/random.h"
#include "base/stream.h"
#include "base/test_allocator.h"
#include "base/test_files.h"
#include "test.h"

static char folder[] = "stream-write-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static void expect_file(const char *name, const void *bytes, size_t count)
{
    size_t found_count;
    uint8_t *found = get_file(name, &found_count);
    assert_int_equal(found_count, count);
    assert_memory_equal(found, bytes, count);
    free(found);
}

static void expect_empty_folder(void)
{
    assert_int_equal(entry_count(folder), 0);
}

static void test_content(void **state)
{
    (void)state;
    enum { COUNT = 3000000 };
    uint8_t *bytes = malloc(COUNT);
    for (size_t i = 0; i < COUNT; i++)
        bytes[i] = (uint8_t)random_bits(1, random_stream(RANDOM_TEST, 0), i);
    writer *out;
    assert_int_equal(writer_open(path, NULL, &out, NULL), ESPALIER_OK);
    size_t done = 0;
    for (uint64_t i = 0; done < COUNT; i++) {
        size_t piece =
            (size_t)random_below(2, random_stream(RANDOM_TEST, 1), i, i % 2 ? 200 : 150000);
        if (piece > COUNT - done)
            piece = COUNT - done;
        assert_int_equal(writer_write(out, bytes + done, piece, NULL), ESPALIER_OK);
        done += piece;
    }
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(writer_commit(out, NULL), ESPALIER_OK);
    expect_file(path, bytes, COUNT);
    assert_int_equal(entry_count(folder), 1);
    remove(path);
    free(bytes);
}

static void test_print(void **state)
{
    (void)state;
    writer *out;
    char longer[3000], expected[3010];
    memset(longer, 'y', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    int length = snprintf(expected, sizeof expected, "7 %s!", longer);
    assert_int_equal(writer_open(path, NULL, &out, NULL), ESPALIER_OK);
    assert_int_equal(writer_print(out, NULL, "%d %s", 7, longer), ESPALIER_OK);
    assert_int_equal(writer_print(out, NULL, "!"), ESPALIER_OK);
    assert_int_equal(writer_commit(out, NULL), ESPALIER_OK);
    expect_file(path, expected, (size_t)length);
    remove(path);
}

static void test_replaces_or_leaves(void **state)
{
    (void)state;
    writer *out;
    put_file(path, "old", 3);
    assert_int_equal(writer_open(path, NULL, &out, NULL), ESPALIER_OK);
    assert_int_equal(writer_write(out, "new!", 4, NULL), ESPALIER_OK);
    expect_file(path, "old", 3);
    writer_abandon(out);
    expect_file(path, "old", 3);
    assert_int_equal(entry_count(folder), 1);
    assert_int_equal(writer_open(path, NULL, &out, NULL), ESPALIER_OK);
    assert_int_equal(writer_write(out, "new!", 4, NULL), ESPALIER_OK);
    assert_int_equal(writer_commit(out, NULL), ESPALIER_OK);
    expect_file(path, "new!", 4);
    remove(path);
    expect_empty_folder();
    writer_abandon(NULL);
}

static void test_two_at_once(void **state)
{
    (void)state;
    writer *a, *b;
    assert_int_equal(writer_open(path, NULL, &a, NULL), ESPALIER_OK);
    assert_int_equal(writer_open(path, NULL, &b, NULL), ESPALIER_OK);
    assert_int_equal(writer_write(a, "a", 1, NULL), ESPALIER_OK);
    assert_int_equal(writer_write(b, "bb", 2, NULL), ESPALIER_OK);
    assert_int_equal(writer_commit(a, NULL), ESPALIER_OK);
    expect_file(path, "a", 1);
    assert_int_equal(writer_commit(b, NULL), ESPALIER_OK);
    expect_file(path, "bb", 2);
    remove(path);
    expect_empty_folder();
}

static void test_mode_follows_umask(void **state)
{
    (void)state;
    writer *out;
    struct stat facts;
    mode_t old = umask(027);
    assert_int_equal(writer_open(path, NULL, &out, NULL), ESPALIER_OK);
    assert_int_equal(writer_commit(out, NULL), ESPALIER_OK);
    umask(old);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0640);
    remove(path);
}

static void test_symbolic_link_stays(void **state)
{
    (void)state;
    writer *out;
    char link[64];
    struct stat facts;
    snprintf(link, sizeof link, "%s/link", folder);
    put_file(path, "old", 3);
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(writer_open(link, NULL, &out, NULL), ESPALIER_OK);
    assert_int_equal(writer_write(out, "new", 3, NULL), ESPALIER_OK);
    assert_int_equal(writer_commit(out, NULL), ESPALIER_OK);
    assert_int_equal(lstat(link, &facts), 0);
    assert_true(S_ISLNK(facts.st_mode));
    expect_file(path, "new", 3);
    remove(link);
    remove(path);
}

/* Also one that leads to another, and that one to a file which is not there yet. */
static void test_dangling_link_stays(void **state)
{
    (void)state;
    writer *out;
    char link[64], second[64];
    struct stat facts;
    snprintf(link, sizeof link, "%s/link", folder);
    snprintf(second, sizeof second, "%s/second", folder);
    assert_int_equal(symlink("second", link), 0);
    assert_int_equal(symlink("file", second), 0);
    assert_int_equal(writer_open(link, NULL, &out, NULL), ESPALIER_OK);
    assert_int_equal(writer_write(out, "new", 3, NULL), ESPALIER_OK);
    assert_int_equal(writer_commit(out, NULL), ESPALIER_OK);
    assert_true(lstat(link, &facts) == 0 && S_ISLNK(facts.st_mode));
    assert_true(lstat(second, &facts) == 0 && S_ISLNK(facts.st_mode));
    expect_file(path, "new", 3);
    remove(link);
    remove(second);
    remove(path);
}

static void test_name_as_long_as_can_be(void **state)
{
    (void)state;
    writer *out;
    char name[256], *target;
    memset(name, 'n', 255);
    name[255] = '\0';
    target = stream_join(NULL, folder, name);
    assert_int_equal(writer_open(target, NULL, &out, NULL), ESPALIER_OK);
    assert_int_equal(writer_commit(out, NULL), ESPALIER_OK);
    assert_int_equal(remove(target), 0);
    free(target);
}

static void refuse(const char *target, const char *part)
{
    writer *out = (writer *)&out;
    espalier_error error = {0};
    assert_int_equal(writer_open(target, NULL, &out, &error), ESPALIER_ERROR_IO);
    assert_ptr_equal(out, &out);
    assert_non_null(strstr(error.message, target));
    assert_non_null(strstr(error.message, part));
}

static void test_refused(void **state)
{
    (void)state;
    char target[100];
    refuse("", "found no name");
    refuse(folder, "found a folder");
    snprintf(target, sizeof target, "%s/new/", folder);
    refuse(target, "found a folder");
    snprintf(target, sizeof target, "%s/no/file", folder);
    refuse(target, "No such file or directory");
    put_file(path, "", 0);
    snprintf(target, sizeof target, "%s/file/x", folder);
    refuse(target, "Not a directory");
    remove(path);
    if (geteuid() != 0) { /* root may write everywhere */
        assert_int_equal(chmod(folder, 0500), 0);
        refuse(path, "Permission denied");
        assert_int_equal(chmod(folder, 0700), 0);
    }
    expect_empty_folder();
}

static void test_straight_to_what_is_no_file(void **state)
{
    (void)state;
    writer *out;
    assert_int_equal(writer_open("/dev/null", NULL, &out, NULL), ESPALIER_OK);
    assert_int_equal(writer_write(out, "x", 1, NULL), ESPALIER_OK);
    assert_int_equal(writer_commit(out, NULL), ESPALIER_OK);
    struct stat facts;
    assert_int_equal(stat("/dev/null", &facts), 0);
    assert_true(S_ISCHR(facts.st_mode));

    char got[8] = "";
    assert_int_equal(mkfifo(path, 0600), 0);
    int end = open(path, O_RDONLY | O_NONBLOCK);
    assert_int_equal(writer_open(path, NULL, &out, NULL), ESPALIER_OK);
    assert_int_equal(writer_write(out, "pipe", 4, NULL), ESPALIER_OK);
    assert_int_equal(writer_commit(out, NULL), ESPALIER_OK);
    assert_int_equal(read(end, got, sizeof got), 4);
    assert_string_equal(got, "pipe");
    close(end);
    assert_int_equal(entry_count(folder), 1);
    remove(path);
}

/* A full disk, made by the limit on the size of files: every later call fails
 * with the same message, and the old file is as it was. */
static void test_failure_is_kept(void **state)
{
    (void)state;
    writer *out;
    static const uint8_t many[200000];
    struct rlimit limit, small;
    espalier_error first = {0}, second = {0}, third = {0};
    put_file(path, "old", 3);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(writer_open(path, NULL, &out, NULL), ESPALIER_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(writer_write(out, many, sizeof many, &first), ESPALIER_ERROR_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(writer_print(out, &second, "%d", 1), ESPALIER_ERROR_IO);
    assert_int_equal(writer_commit(out, &third), ESPALIER_ERROR_IO);
    assert_non_null(strstr(first.message, "File too large"));
    assert_string_equal(second.message, first.message);
    assert_string_equal(third.message, first.message);
    expect_file(path, "old", 3);
    assert_int_equal(entry_count(folder), 1);
    remove(path);
}

static void test_memory_refused(void **state)
{
    (void)state;
    char longer[1000];
    memset(longer, 'y', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t n = 1; status; n++) {
        meter m = {.refuse_from = n};
        espalier_allocator allocator = meter_allocator(&m);
        writer *out;
        status = writer_open(path, &allocator, &out, NULL);
        if (!status) {
            writer_print(out, NULL, "%s", longer);
            status = writer_commit(out, NULL);
        }
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(m.live, 0);
        assert_int_equal(entry_count(folder), status == ESPALIER_OK);
        assert_true(n < 20);
    }
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_replaces_or_leaves),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_mode_follows_umask),
        cmocka_unit_test(test_symbolic_link_stays),
        cmocka_unit_test(test_dangling_link_stays),
        cmocka_unit_test(test_name_as_long_as_can_be),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_straight_to_what_is_no_file),
        cmocka_unit_test(test_failure_is_kept),
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
