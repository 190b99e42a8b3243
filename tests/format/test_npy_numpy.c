/* .npy and .npz as numpy itself writes them: every type, byte order, order of dimensions
 * and version, alone, stored and deflated. Skipped where numpy is not installed. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "base/test_files.h"
#include "format/npz.h"
#include "test.h"

static char folder[] = "npy-numpy-XXXXXX";
static bool made;

/* Any Python that has numpy: the first one in the path, or the system's. */
static int set_up(void **state)
{
    (void)state;
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    if (!mkdtemp(folder))
        return -1;
    for (size_t i = 0; i < 2 && !made; i++) {
        char command[512];
        snprintf(command, sizeof command, "%s '%.*s/numpy_arrays.py' %s", pythons[i],
                 (int)(strrchr(__FILE__, '/') - __FILE__), __FILE__, folder);
        int status = system(command);
        if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 77 &&
                                   WEXITSTATUS(status) != 127))
            return -1;
        made = WEXITSTATUS(status) == 0;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static void path_of(const char *name, const char *ending, char path[300])
{
    snprintf(path, 300, "%s/%s%s", folder, name, ending);
}

static void expect_integers(const char *name, npy_file *file, const float *expected)
{
    int64_t *found = memory_array(NULL, file->count, sizeof *found);
    espalier_error error = {0};
    espalier_status status = npy_read_integers(file, found, &error);
    bool whole = true;
    for (size_t i = 0; file->kind != NPY_SIGNED && i < file->count; i++)
        whole = whole && isfinite(expected[i]) && expected[i] == floorf(expected[i]) &&
                fabsf(expected[i]) < 0x1p63f;
    if (!whole)
        assert_int_equal(status, ESPALIER_ERROR_FORMAT);
    else if (status)
        fail_msg("%s: %s", name, error.message);
    for (size_t i = 0; whole && i < file->count; i++)
        if ((float)found[i] != expected[i])
            fail_msg("%s: value %zu: expected %.9g, found %lld", name, i, (double)expected[i],
                     (long long)found[i]);
    memory_release(NULL, found);
}

static void expect_bytes(const char *name, npy_file *file, const float *expected)
{
    uint8_t *found = memory_array(NULL, file->count, 1);
    bool bytes = file->kind == NPY_UNSIGNED && file->value_bytes == 1;
    assert_int_equal(npy_read_bytes(file, found, NULL),
                     bytes ? ESPALIER_OK : ESPALIER_ERROR_UNSUPPORTED);
    for (size_t i = 0; bytes && i < file->count; i++)
        if (found[i] != expected[i])
            fail_msg("%s: value %zu: expected %g, found %u", name, i, (double)expected[i],
                     found[i]);
    memory_release(NULL, found);
}

static void expect_floats(const char *name, npy_file *file, const float *expected)
{
    float *found = memory_array(NULL, file->count, sizeof *found);
    espalier_error error = {0};
    if (npy_read_floats(file, found, &error))
        fail_msg("%s: %s", name, error.message);
    for (size_t i = 0; i < file->count; i++)
        if (memcmp(&found[i], &expected[i], sizeof(float)) &&
            !(isnan(found[i]) && isnan(expected[i])))
            fail_msg("%s: value %zu: expected %.9g, found %.9g", name, i, (double)expected[i],
                     (double)found[i]);
    memory_release(NULL, found);
}

static void expect_texts(const char *name, npy_file *file)
{
    char path[300];
    size_t bytes, stride = file->value_bytes + 1;
    path_of(name, ".texts", path);
    char *expected = (char *)get_file(path, &bytes), *next = expected;
    char *found = memory_array(NULL, file->count, stride);
    assert_int_equal(npy_read_texts(file, found, NULL), ESPALIER_OK);
    for (size_t i = 0; i < file->count; i++) {
        char *end = memchr(next, '\n', bytes - (size_t)(next - expected));
        assert_non_null(end);
        *end = '\0';
        assert_string_equal(found + i * stride, next);
        next = end + 1;
    }
    memory_release(NULL, found);
    free(expected);
}

/* Reads an open array in one of three ways against what numpy says it holds. */
static void expect_array(const char *name, npy_file *file, int way)
{
    char path[300];
    size_t bytes;
    if (file->kind == NPY_TEXT || file->kind == NPY_LATIN) {
        expect_texts(name, file);
        npy_close(file);
        return;
    }
    path_of(name, ".values", path);
    float *expected = (float *)get_file(path, &bytes);
    assert_int_equal(bytes, file->count * sizeof(float));
    if (way == 0)
        expect_floats(name, file, expected);
    else if (way == 1)
        expect_integers(name, file, expected);
    else
        expect_bytes(name, file, expected);
    free(expected);
    npy_close(file);
}

static void test_files(void **state)
{
    (void)state;
    if (!made)
        skip();
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(entries));) {
        char *ending = strstr(entry->d_name, ".npy"), path[300];
        if (!ending)
            continue;
        path_of(entry->d_name, "", path);
        *ending = '\0';
        for (int way = 0; way < 3; way++) {
            npy_file file;
            espalier_error error = {0};
            if (npy_open(path, NULL, &file, &error))
                fail_msg("%s", error.message);
            expect_array(entry->d_name, &file, way);
        }
        count++;
    }
    closedir(entries);
    assert_true(count > 12 * 2 * 2 * 9);
}

static void expect_archive(const char *name)
{
    char path[300];
    npz_file *archive;
    espalier_error error = {0};
    path_of(name, ".npz", path);
    if (npz_open(path, NULL, &archive, &error))
        fail_msg("%s", error.message);
    assert_true(npz_count(archive) > 12 * 2 * 2 * 9);
    for (size_t i = 0; i < npz_count(archive); i++) {
        npy_file file;
        assert_int_equal(npz_find(archive, npz_name(archive, i)), i);
        if (npz_array(archive, i, &file, &error))
            fail_msg("%s", error.message);
        expect_array(npz_name(archive, i), &file, 0);
    }
    npz_close(archive);
}

static void test_archives(void **state)
{
    (void)state;
    if (!made)
        skip();
#ifdef ESPALIER_HAVE_LIBZIP
    expect_archive("all");
    expect_archive("packed");
#else
    (void)expect_archive;
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_archives),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
