/* Writing, as the system sees it: what is written reaches the disk before it gets its name, and
 * a call that fails, or does less than it was asked for, is noticed. The calls come by here. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/stream.h"
#include "base/test_files.h"
#include "test.h"

/* ---- the calls ---------------------------------------------------------- */

static char seen[64];     /* w: file written, f: file flushed, r: renamed, d: folder flushed */
static char failing;      /* one of them, or c: close; 0 = none */
static size_t write_most; /* bytes that a call takes, 0 = all */

static int note(char what)
{
    const size_t used = strlen(seen);
    if (used + 1 < sizeof seen && (used == 0 || seen[used - 1] != what))
        seen[used] = what;
    errno = EIO;
    return failing == what ? -1 : 0;
}

ssize_t write(int file, const void *bytes, size_t count)
{
    struct stat facts;
    if (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) && note('w') != 0)
        return -1;
    return syscall(SYS_write, file, bytes, write_most && write_most < count ? write_most : count);
}

int fsync(int file)
{
    struct stat facts;
    const int failed = note(fstat(file, &facts) == 0 && S_ISDIR(facts.st_mode) ? 'd' : 'f');
    return failed ? failed : (int)syscall(SYS_fsync, file);
}

int rename(const char *from, const char *to)
{
    return note('r') ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int close(int file)
{
    const int closed = (int)syscall(SYS_close, file);
    errno = EIO;
    return failing == 'c' ? -1 : closed;
}

/* ---- the tests ---------------------------------------------------------- */

static char folder[] = "stream-order-XXXXXX";
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

static espalier_status write_text(const char *text, char fails, size_t most)
{
    writer *out;
    memset(seen, 0, sizeof seen);
    failing = fails;
    write_most = most;
    espalier_status status = writer_open(path, NULL, &out, NULL);
    if (status == ESPALIER_OK)
        status = writer_write(out, text, strlen(text), NULL);
    if (status == ESPALIER_OK)
        status = writer_commit(out, NULL);
    else
        writer_abandon(out);
    failing = 0;
    write_most = 0;
    return status;
}

static void expect_text(const char *text)
{
    size_t count;
    uint8_t *found = get_file(path, &count);
    assert_int_equal(count, strlen(text));
    assert_memory_equal(found, text, count);
    free(found);
    assert_int_equal(entry_count(folder), 1);
}

static void test_flushed_before_it_is_named(void **state)
{
    (void)state;
    assert_int_equal(write_text("first", 0, 0), ESPALIER_OK);
    assert_string_equal(seen, "wfrd");
    expect_text("first");
}

static void test_failures(void **state)
{
    (void)state;
    assert_int_equal(write_text("old", 0, 0), ESPALIER_OK);
    for (const char *call = "wfcr"; *call; call++) {
        assert_int_equal(write_text("new", *call, 0), ESPALIER_ERROR_IO);
        expect_text("old");
    }
    /* the file has its name by then, and some file systems cannot flush a folder */
    assert_int_equal(write_text("new", 'd', 0), ESPALIER_OK);
    expect_text("new");
}

static void test_few_bytes_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(write_text("a text of some length", 0, 4), ESPALIER_OK);
    expect_text("a text of some length");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flushed_before_it_is_named),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_few_bytes_at_a_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
