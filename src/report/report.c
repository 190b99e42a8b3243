/* Which report a folder gets, and what all reports share: the folder of the plots, the
 * page's file. What stands on the page is run_page.c's and study_page.c's. */
#define _POSIX_C_SOURCE 200809L
#include "report/report.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/numerals.h"
#include "base/stream.h"
#include "report/plot.h"

/* The kinds of folders, told by a file in them. A new kind is a file and a line here. */
static const struct {
    const char *marker;
    espalier_status (*write)(report *r, espalier_error *error);
} kinds[] = {
    {"log.jsonl", run_page_write},
    {"study.json", study_page_write},
};

enum { KINDS = sizeof kinds / sizeof *kinds, NO_KIND = KINDS };

static bool holds(const espalier_allocator *allocator, const char *folder, const char *name,
                  espalier_status *status)
{
    char *path = stream_join(allocator, folder, name);
    const bool there = path && access(path, F_OK) == 0;
    if (!path)
        *status = ESPALIER_ERROR_MEMORY;
    memory_release(allocator, path);
    return there;
}

static espalier_status find_kind(const report *r, size_t *kind, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    struct stat state;
    if (stat(r->folder, &state) != 0)
        return stream_error(error, errno == ENOENT ? ESPALIER_ERROR_NOT_FOUND : ESPALIER_ERROR_IO,
                            r->folder, "open", errno);
    if (!S_ISDIR(state.st_mode))
        return error_set(error, ESPALIER_ERROR_NOT_FOUND,
                         "%s: expected the folder of a run or a study, found a file", r->folder);
    *kind = 0;
    while (*kind < KINDS && !holds(r->allocator, r->folder, kinds[*kind].marker, &status))
        ++*kind;
    if (status)
        return error_memory(error);
    if (*kind == NO_KIND)
        return error_set(error, ESPALIER_ERROR_NOT_FOUND,
                         "%s: expected the folder of a run (with log.jsonl) or of a study (with "
                         "study.json), found neither file",
                         r->folder);
    return ESPALIER_OK;
}

static espalier_status make_folder(const char *path, espalier_error *error)
{
    struct stat state;
    if (mkdir(path, 0777) == 0)
        return ESPALIER_OK;
    const int code = errno;
    if (code == EEXIST && lstat(path, &state) == 0) /* a link would lead the plots elsewhere */
        return S_ISDIR(state.st_mode)
                   ? ESPALIER_OK
                   : error_set(error, ESPALIER_ERROR_IO,
                               "%s: expected a folder for the plots, found a %s", path,
                               S_ISLNK(state.st_mode) ? "link" : "file");
    errno = code;
    return stream_error(error, ESPALIER_ERROR_IO, path, "make this folder", errno);
}

static espalier_status write_report(report *r, const char *output, const char *standard,
                                    espalier_error *error)
{
    size_t kind = NO_KIND;
    espalier_status status = find_kind(r, &kind, error);
    if (status == ESPALIER_OK)
        status = make_folder(r->plots, error);
    if (status == ESPALIER_OK)
        status = plot_write_style(r, error);
    if (status == ESPALIER_OK)
        status = kinds[kind].write(r, error);
    if (status == ESPALIER_OK && !output)
        writer_clear_way(standard);
    if (status == ESPALIER_OK)
        status = page_write(&r->page, output ? output : standard, error);
    return status;
}

espalier_status espalier_report_write(const char *folder, const espalier_report_options *options,
                                      const espalier_allocator *allocator,
                                      espalier_report_summary *summary, espalier_error *error)
{
    const espalier_report_options none = {0};
    const espalier_report_options *o = options ? options : &none;
    char *plots = stream_join(allocator, folder, "plots");
    char *standard = stream_join(allocator, folder, "report.html");
    report r = {.folder = folder, .plots = plots, .gnuplot = o->gnuplot, .allocator = allocator};
    page_init(&r.page, allocator);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    numerals point;
    if (plots && standard && numerals_begin(&point)) {
        status = write_report(&r, o->output, standard, error);
        numerals_end(&point);
    } else {
        error_memory(error);
    }
    if (status == ESPALIER_OK && summary)
        *summary = r.summary;
    page_clear(&r.page);
    memory_release(allocator, standard);
    memory_release(allocator, plots);
    return status;
}
