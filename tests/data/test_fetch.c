/* Downloads from a server on this machine (server.py) that has every fault there is. */
#define _GNU_SOURCE
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/sha256.h"
#include "base/test_files.h"
#include "data/fetch.h"
#include "test.h"

static char top[] = "fetch-XXXXXX";
static char served[64], target[64];
static char port[16];
static pid_t server;
static int server_input;

enum { FIRST_BYTES = 300000, SECOND_BYTES = 5000 };
static uint8_t first[FIRST_BYTES], second[SECOND_BYTES];
static char first_digest[SHA256_TEXT_BYTES], second_digest[SHA256_TEXT_BYTES];
static espalier_named_file files[2];
static espalier_named_set set = {.name = "made", .address = "http://127.0.0.1:1/nowhere/",
                                 .file_count = 2, .files = files};

static void digest_of(const uint8_t *bytes, size_t count, char *text)
{
    sha256 hash;
    uint8_t digest[SHA256_BYTES];
    sha256_begin(&hash);
    sha256_add(&hash, bytes, count);
    sha256_end(&hash, digest);
    sha256_text(digest, text);
}

static const char *in(const char *folder, const char *name)
{
    static char paths[4][200];
    static int which;
    which = (which + 1) % 4;
    snprintf(paths[which], sizeof *paths, "%s/%s", folder, name);
    return paths[which];
}

/* The folder of this file, for server.py. */
static void start_server(void)
{
    int to[2], from[2];
    char script[1024];
    snprintf(script, sizeof script, "%.*sserver.py", (int)(strrchr(__FILE__, '/') + 1 - __FILE__),
             __FILE__);
    assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
    server = fork();
    if (server == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        execlp("python3", "python3", script, served, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    server_input = to[1];
    for (size_t at = 0; at < sizeof port - 1 && read(from[0], port + at, 1) == 1; at++)
        if (port[at] == '\n') {
            port[at] = '\0';
            break;
        }
    assert_true(port[0] != '\0');
    close(from[0]);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(top))
        return -1;
    snprintf(served, sizeof served, "%s/served", top);
    snprintf(target, sizeof target, "%s/made", top);
    mkdir(served, 0700);
    for (size_t i = 0; i < FIRST_BYTES; i++)
        first[i] = (uint8_t)(i * i >> 3 ^ i);
    memset(second, 'x', SECOND_BYTES);
    put_file(in(served, "first"), first, FIRST_BYTES);
    put_file(in(served, "second"), second, SECOND_BYTES);
    digest_of(first, FIRST_BYTES, first_digest);
    digest_of(second, SECOND_BYTES, second_digest);
    files[0] = (espalier_named_file){"first", FIRST_BYTES, first_digest};
    files[1] = (espalier_named_file){"second", SECOND_BYTES, second_digest};
    setenv("no_proxy", "127.0.0.1", 1);
    start_server();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(server_input);
    waitpid(server, NULL, 0);
    remove_folder(served);
    remove_folder(target);
    remove_folder(top);
    return 0;
}

/* ---- fetching and looking ---------------------------------------------------- */

static espalier_fetch_options quick(const char *way, char address[64])
{
    espalier_fetch_options options = espalier_fetch_options_defaults();
    snprintf(address, 64, "http://127.0.0.1:%s/%s", port, way);
    options.base_url = address;
    options.retry_seconds = 0;
    return options;
}

static espalier_status fetch(const char *way, espalier_fetch_result *result, espalier_error *error)
{
    char address[64];
    espalier_fetch_options options = quick(way, address);
    *error = (espalier_error){0};
    return fetch_set(&set, target, &options, NULL, result, error);
}

#ifdef ESPALIER_HAVE_CURL

static void expect_file(const char *name, const uint8_t *bytes, size_t count)
{
    size_t found;
    uint8_t *got = get_file(in(target, name), &found);
    assert_int_equal(found, count);
    assert_memory_equal(got, bytes, count);
    free(got);
}

/* Both files and nothing else. */
static void expect_complete(void)
{
    expect_file("first", first, FIRST_BYTES);
    expect_file("second", second, SECOND_BYTES);
    assert_int_equal(entry_count(target), 2);
}

static void succeed(const char *way, uint64_t received, uint64_t resumed)
{
    espalier_error error;
    espalier_fetch_result result;
    if (fetch(way, &result, &error))
        fail_msg("%s: %s", way, error.message);
    expect_complete();
    assert_int_equal(result.received_bytes, received);
    assert_int_equal(result.resumed_bytes, resumed);
    remove_folder(target);
}

/* Fails with a message, and leaves `left` bytes in first.part, or no folder with 0. */
static void refuse(const char *way, espalier_status status, const char *part, size_t left)
{
    espalier_error error;
    struct stat facts;
    espalier_status got = fetch(way, NULL, &error);
    if (got != status || !strstr(error.message, part))
        fail_msg("%s: status %d, expected '%s' in: %s", way, (int)got, part, error.message);
    if (left == 0) {
        assert_int_equal(stat(target, &facts), -1);
        return;
    }
    assert_int_equal(entry_count(target), 1);
    assert_int_equal(stat(in(target, "first.part"), &facts), 0);
    assert_int_equal(facts.st_size, left);
    remove_folder(target);
}

static void put_part(const uint8_t *bytes, size_t count)
{
    mkdir(target, 0700);
    put_file(in(target, "first.part"), bytes, count);
}

/* ---- servers that deliver ------------------------------------------------------ */

static void test_plain(void **state)
{
    (void)state;
    succeed("good", FIRST_BYTES + SECOND_BYTES, 0);
    succeed("good/", FIRST_BYTES + SECOND_BYTES, 0);
    succeed("moved", FIRST_BYTES + SECOND_BYTES, 0);
    succeed("no_range", FIRST_BYTES + SECOND_BYTES, 0);
}

static void test_broken_connections(void **state)
{
    (void)state;
    succeed("cut", FIRST_BYTES + SECOND_BYTES, 0);
    succeed("cut_silently", FIRST_BYTES + SECOND_BYTES, 0);
    succeed("busy", FIRST_BYTES + SECOND_BYTES, 0);
    refuse("cut_always", ESPALIER_ERROR_IO, "the connection broke", FIRST_BYTES / 2);
    refuse("broken", ESPALIER_ERROR_IO, "/broken/first: the server answered 500", 0);
}

static void test_resuming(void **state)
{
    (void)state;
    put_part(first, 100000);
    succeed("good", FIRST_BYTES - 100000 + SECOND_BYTES, 100000);
    put_part(first, FIRST_BYTES); /* only the name is missing */
    succeed("good", SECOND_BYTES, FIRST_BYTES);
    put_part(first, 100000);
    succeed("no_range", FIRST_BYTES + SECOND_BYTES, 100000);
    put_part(first, 100000);
    refuse("shifted", ESPALIER_ERROR_IO, "from 100000 on, the server sent those from 3 on", 100000);
}

/* Parts that are not the beginning of this file, and one that is too long. */
static void test_strange_parts(void **state)
{
    (void)state;
    put_part(second, SECOND_BYTES);
    succeed("good", 2 * FIRST_BYTES - SECOND_BYTES + SECOND_BYTES, 0);
    uint8_t *much = calloc(FIRST_BYTES + 1, 1);
    put_part(much, FIRST_BYTES + 1);
    succeed("good", FIRST_BYTES + SECOND_BYTES, 0);
    put_part(much, FIRST_BYTES);
    succeed("good", FIRST_BYTES + SECOND_BYTES, 0);
    free(much);
}

static void test_there_already(void **state)
{
    (void)state;
    espalier_error error;
    espalier_fetch_result result;
    mkdir(target, 0700);
    put_file(in(target, "first"), first, FIRST_BYTES);
    assert_int_equal(fetch("good", &result, &error), ESPALIER_OK);
    assert_int_equal(result.present, 1);
    assert_int_equal(result.received_bytes, SECOND_BYTES);
    assert_int_equal(fetch("broken", &result, &error), ESPALIER_OK); /* the server is not asked */
    assert_int_equal(result.present, 2);
    expect_complete();
    put_file(in(target, "second"), "mine", 4);
    assert_int_equal(fetch("good", &result, &error), ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "made/second: expected 5000 bytes, found 4; this is not "
                                          "the published file: move it away"));
    expect_file("second", (const uint8_t *)"mine", 4);
    remove_folder(target);
}

/* ---- servers that do not ----------------------------------------------------------- */

static void test_wrong_content(void **state)
{
    (void)state;
    char part[160];
    snprintf(part, sizeof part, "first.part: expected SHA-256 %s, found ", first_digest);
    refuse("wrong", ESPALIER_ERROR_FORMAT, part, 0);
    refuse("short", ESPALIER_ERROR_FORMAT, "/short/first: expected 300000 bytes, found 299993", 0);
    refuse("long", ESPALIER_ERROR_FORMAT, "/long/first: expected 300000 bytes, found more", 0);
    refuse("endless", ESPALIER_ERROR_FORMAT, "/endless/first: expected 300000 bytes, found more", 0);
}

static void test_no_file(void **state)
{
    (void)state;
    refuse("nothing", ESPALIER_ERROR_NOT_FOUND, "/nothing/first: the server answered 404", 0);
    refuse("to_file", ESPALIER_ERROR_IO, "/to_file/first: expected an address of http or https", 0);
    refuse("round", ESPALIER_ERROR_IO, "/round/first: Maximum (8) redirects followed", 0);
}

static void test_no_network(void **state)
{
    (void)state;
    espalier_fetch_options options = espalier_fetch_options_defaults();
    espalier_error error = {0};
    assert_int_equal(fetch_set(&set, target, &options, NULL, NULL, &error), ESPALIER_ERROR_IO);
    assert_non_null(strstr(error.message, "http://127.0.0.1:1/nowhere/first: no connection: "));
    assert_non_null(strstr(error.message, "put it there as "));
    assert_int_equal(access(target, F_OK), -1);
}

/* ---- stopping ------------------------------------------------------------------------ */

typedef struct watch {
    uint64_t most, stop_at;
    unsigned stages;
    bool orderly;
} watch;

static bool look(void *context, const espalier_fetch_progress *p)
{
    watch *w = context;
    w->stages |= 1u << p->stage;
    w->orderly &= p->count == 2 && p->bytes <= p->total_bytes &&
                  strcmp(p->file, p->index ? "second" : "first") == 0;
    if (p->stage == ESPALIER_FETCH_DOWNLOAD && p->index == 0 && p->bytes > w->most)
        w->most = p->bytes;
    return w->stop_at == 0 || p->bytes < w->stop_at;
}

static void test_progress_and_stopping(void **state)
{
    (void)state;
    char address[64];
    watch w = {.orderly = true};
    espalier_error error = {0};
    espalier_fetch_options options = quick("good", address);
    options.progress = look;
    options.context = &w;
    assert_int_equal(fetch_set(&set, target, &options, NULL, NULL, &error), ESPALIER_OK);
    assert_int_equal(w.most, FIRST_BYTES);
    assert_int_equal(w.stages, 1 << ESPALIER_FETCH_DOWNLOAD | 1 << ESPALIER_FETCH_CHECK);
    assert_true(w.orderly);
    remove_folder(target);

    options = quick("slow", address);
    options.progress = look;
    options.context = &w;
    w.stop_at = FIRST_BYTES / 2;
    assert_int_equal(fetch_set(&set, target, &options, NULL, NULL, &error),
                     ESPALIER_ERROR_CANCELLED);
    assert_non_null(strstr(error.message, "first.part"));
    assert_int_equal(entry_count(target), 1);
    succeed("good", FIRST_BYTES / 2 + SECOND_BYTES, FIRST_BYTES / 2);
}

/* ---- this side -------------------------------------------------------------------------- */

static void test_folder(void **state)
{
    (void)state;
    espalier_error error;
    put_file(target, "a file", 6);
    assert_int_equal(fetch("good", NULL, &error), ESPALIER_ERROR_IO);
    assert_non_null(strstr(error.message, "cannot make this folder"));
    remove(target);
    mkdir(target, 0500);
    if (geteuid() != 0) {
        assert_int_equal(fetch("good", NULL, &error), ESPALIER_ERROR_IO);
        assert_non_null(strstr(error.message, "first.part: cannot write"));
    }
    assert_int_equal(access(target, F_OK), 0); /* not ours to remove */
    chmod(target, 0700);
    assert_int_equal(symlink("elsewhere", in(target, "first.part")), 0);
    assert_int_equal(fetch("good", NULL, &error), ESPALIER_ERROR_IO);
    assert_int_equal(access("elsewhere", F_OK), -1);
    remove_folder(target);
}

static void test_two_at_once(void **state)
{
    (void)state;
    espalier_error error;
    put_part(first, 10);
    int held = open(in(target, "first.part"), O_RDWR);
    assert_int_equal(flock(held, LOCK_EX), 0);
    assert_int_equal(fetch("good", NULL, &error), ESPALIER_ERROR_IO);
    assert_non_null(strstr(error.message, "another fetch is writing this file"));
    close(held);
    remove_folder(target);
}

#else

static void test_unsupported(void **state)
{
    (void)state;
    espalier_error error;
    assert_int_equal(fetch("good", NULL, &error), ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "this build has no libcurl"));
}

#endif

static void test_arguments(void **state)
{
    (void)state;
    espalier_error error = {0};
    espalier_fetch_options options = espalier_fetch_options_defaults();
    assert_int_equal(espalier_dataset_fetch("mnst", target, NULL, NULL, NULL, &error),
                     ESPALIER_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "mnst: no such data set: expected one of mnist, "));
    options.base_url = "file:///etc/";
    assert_int_equal(fetch_set(&set, target, &options, NULL, NULL, NULL), ESPALIER_ERROR_ARGUMENT);
    options = espalier_fetch_options_defaults();
    options.retries = 101;
    assert_int_equal(fetch_set(&set, target, &options, NULL, NULL, NULL), ESPALIER_ERROR_ARGUMENT);
    options = espalier_fetch_options_defaults();
    options.retry_seconds = -1;
    assert_int_equal(fetch_set(&set, target, &options, NULL, NULL, NULL), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(access(target, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef ESPALIER_HAVE_CURL
        cmocka_unit_test(test_plain),         cmocka_unit_test(test_broken_connections),
        cmocka_unit_test(test_resuming),      cmocka_unit_test(test_strange_parts),
        cmocka_unit_test(test_there_already), cmocka_unit_test(test_wrong_content),
        cmocka_unit_test(test_no_file),       cmocka_unit_test(test_no_network),
        cmocka_unit_test(test_folder),        cmocka_unit_test(test_progress_and_stopping),
        cmocka_unit_test(test_two_at_once),
#else
        cmocka_unit_test(test_unsupported),
#endif
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
