/* espalier data fetch: a known data set from its publisher into the user's data folder. */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "data_commands.h"
#include "table.h"

typedef struct fetch_settings {
    data_settings data;
    const char *from;
    bool json, quiet;
} fetch_settings;

/* ---- progress --------------------------------------------------------------- */

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

/* The first signal stops in order, the second at once. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

typedef struct fetch_bar {
    bool shown;        /* stderr is a terminal and nobody asked for quiet */
    double drawn;      /* seconds on the clock */
    uint64_t drawn_bytes;
    double rate;       /* bytes a second, smoothed */
} fetch_bar;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void clear_bar(const fetch_bar *bar)
{
    if (bar->shown)
        fputs("\r\033[K", stderr);
}

/* "2/4 train-images-idx3-ubyte.gz [======      ]  12.3 of 26.4 MB  1.2 MB/s" */
static void draw_bar(fetch_bar *bar, const espalier_fetch_progress *p)
{
    static const char *const doing[] = {"", "  checking", "  unpacking", "  waiting"};
    static const char filled[] = "====================";
    double time = now(), share = p->total_bytes ? (double)p->bytes / (double)p->total_bytes : 0;
    if (time - bar->drawn < 0.1)
        return;
    if (bar->drawn > 0 && p->bytes >= bar->drawn_bytes) {
        double rate = (double)(p->bytes - bar->drawn_bytes) / (time - bar->drawn);
        bar->rate = bar->rate > 0 ? 0.8 * bar->rate + 0.2 * rate : rate;
    }
    bar->drawn = time;
    bar->drawn_bytes = p->bytes;
    fprintf(stderr, "\r\033[K%zu/%zu %.30s [%-20.*s] ", p->index + 1, p->count, p->file,
            (int)(share < 1 ? share * 20 : 20), filled);
    if (p->stage == ESPALIER_FETCH_DOWNLOAD)
        fprintf(stderr, "%.1f of %.1f MB  %.1f MB/s", (double)p->bytes / 1e6,
                (double)p->total_bytes / 1e6, bar->rate / 1e6);
    else
        fputs(doing[p->stage], stderr);
    fflush(stderr);
}

static bool heard(void *context, const espalier_fetch_progress *progress)
{
    fetch_bar *bar = context;
    if (bar->shown && !stop_asked)
        draw_bar(bar, progress);
    return !stop_asked;
}

/* ---- where it goes ------------------------------------------------------------ */

/* The first folder in which a name is sought, if that is the user's own. */
static int choose_folder(const data_settings *settings, const char *name, char *path, size_t size)
{
    data_places places;
    data_find_places(settings, &places);
    if (places.count < 2) {
        message("no folder to put data sets into: expected --data-dir DIR, $ESPALIER_DATA, "
                "$XDG_DATA_HOME or $HOME, found none");
        return EXIT_FAILED;
    }
    const char *folder = places.paths[0];
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    if (snprintf(path, size, "%s%s%s", folder, slash, name) >= (int)size) {
        message("%s: the path is too long", folder);
        return EXIT_FAILED;
    }
    return EXIT_NONE;
}

/* All folders above a path. */
static int make_parents(const char *path)
{
    char folder[DATA_PLACE_BYTES];
    struct stat facts;
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        if (mkdir(folder, 0777) != 0 && (stat(folder, &facts) != 0 || !S_ISDIR(facts.st_mode))) {
            message("%s: cannot make this folder: %s", folder,
                    strerror(errno == EEXIST ? ENOTDIR : errno));
            return EXIT_FAILED;
        }
    }
    return EXIT_NONE;
}

/* ---- the command ---------------------------------------------------------------- */

static const char *name_at(size_t index)
{
    const espalier_named_set *set = espalier_named_set_at(index);
    return set ? set->name : NULL;
}

static int find_set(const option_set *set, const espalier_named_set **found)
{
    char known[256] = "";
    const char *name = set->files[0], *nearest = name_nearest(name_at, name);
    *found = espalier_named_set_find(name);
    if (*found)
        return EXIT_NONE;
    for (size_t i = 0, at = 0; name_at(i) && at < sizeof known; i++)
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "", name_at(i));
    return usage_error(set->command, "expected one of %s, found '%s'%s%s%s", known, name,
                       nearest ? "; did you mean '" : "", nearest ? nearest : "",
                       nearest ? "'?" : "");
}

static int print_result(const fetch_settings *s, const char *name, const char *path,
                        const espalier_fetch_result *result, size_t count)
{
    char text[DIGITS_BYTES];
    if (s->json) {
        json_t *json = json_pack("{s:s, s:s, s:I, s:I, s:I}", "name", name, "path", path,
                                 "received_bytes", (json_int_t)result->received_bytes,
                                 "resumed_bytes", (json_int_t)result->resumed_bytes,
                                 "files_there_before", (json_int_t)result->present);
        int code = print_json(json);
        json_decref(json);
        return code;
    }
    if (s->quiet)
        return EXIT_NONE;
    if (result->present == count)
        printf("%s is complete in %s: nothing to fetch\n", name, path);
    else
        printf("fetched %s into %s (%s bytes)\n", name, path, digits(text, result->received_bytes));
    return EXIT_NONE;
}

static int download(const fetch_settings *s, const espalier_named_set *known, const char *path)
{
    espalier_error error = {0};
    espalier_fetch_result result;
    fetch_bar bar = {.shown = !s->quiet && shows_progress()};
    espalier_fetch_options options = espalier_fetch_options_defaults();
    options.base_url = s->from;
    options.progress = heard;
    options.context = &bar;
    catch_signals();
    int failed = espalier_dataset_fetch(known->name, path, &options, NULL, &result, &error);
    clear_bar(&bar);
    if (failed)
        return fail(&error);
    return print_result(s, known->name, path, &result, known->file_count);
}

static int fetch(const option_set *set, const fetch_settings *s)
{
    char path[DATA_PLACE_BYTES], there[DATA_PLACE_BYTES];
    const espalier_named_set *known;
    int code = find_set(set, &known);
    if (code == EXIT_NONE && s->from && strncmp(s->from, "http://", 7) != 0 &&
        strncmp(s->from, "https://", 8) != 0)
        code = usage_error(set->command, "--from: expected an address that begins with http:// or "
                                         "https://, found '%s'", s->from);
    if (code == EXIT_NONE)
        code = choose_folder(&s->data, known->name, path, sizeof path);
    if (code != EXIT_NONE)
        return code;
    /* One that the system or $ESPALIER_DATA has will do, unless a place was named. */
    if (s->data.directories.count == 0 && data_locate(known, &s->data, there, sizeof there) &&
        strcmp(there, path) != 0) {
        const espalier_fetch_result nothing = {.present = known->file_count};
        return print_result(s, known->name, there, &nothing, known->file_count);
    }
    code = make_parents(path);
    return code == EXIT_NONE ? download(s, known, path) : code;
}

int data_fetch(int argc, char **argv)
{
    fetch_settings s = {.data = data_settings_defaults()};
    option_set set = {
        .command = argv[0],
        .arguments = "NAME",
        .summary = "Downloads a known data set ('espalier data list') into the first folder in "
                   "which names are sought. Every file is compared with its published size and "
                   "SHA-256; a download that broke off is gone on with.",
        .least = 1,
        .most = 1,
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Download"},
        {.name = "from", .kind = OPTION_TEXT, .value = &s.from, .argument = "URL",
         .shown = "the publisher's address",
         .help = "get the files from this address, a mirror; the digests stay the same"},
        {.name = "json", .kind = OPTION_FLAG, .value = &s.json, .help = "print one JSON object"},
        {.name = "quiet", .kind = OPTION_FLAG, .value = &s.quiet,
         .help = "no progress and no summary"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    data_add_options(&set, &s.data, DATA_DIRECTORIES);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = fetch(&set, &s);
    options_clear(&set);
    return code == EXIT_NONE ? finish_stdout(EXIT_DONE) : code;
}
