/* The summary of a study as files and as a text for the terminal. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/numerals.h"
#include "base/stream.h"
#include "study/summary.h"

/* ---- runs that are not in the means, or did not do what was asked ------- */

static bool is_failed(const espalier_study_result *run)
{
    return run->failed;
}

static bool is_missed(const espalier_study_result *run)
{
    return run->missed;
}

static bool is_idle(const espalier_study_result *run)
{
    return run->idle;
}

/* `before`, what there is to say, `after`, for each run that `is` true of. */
static void list_runs(const espalier_study_results *results,
                      bool (*is)(const espalier_study_result *), const char *title,
                      const char *before, const char *after, text *out)
{
    bool any = false;
    for (size_t i = 0; i < results->run_count; i++) {
        const espalier_study_result *run = &results->runs[i];
        if (!is(run))
            continue;
        text_print(out, "%s%s%s", any ? "" : title, before, run->name);
        if (run->failed)
            text_print(out, ": %s", run->error[0] ? run->error : "no reason given");
        else if (run->missed)
            text_print(out, ": %.2f instead of %.2f %%",
                       100.0 * run->metrics[espalier_study_target_metric(results)],
                       100.0 * run->setting.target);
        text_print(out, "%s", after);
        any = true;
    }
}

static const char failed_title[] = "Failed, and in no mean:";
static const char missed_title[] = "Ended short of their target (and are in the means; the sparsity is of";

static const char idle_title[] =
    "The penalty on singular values never acted (--nuclear-start was not reached), so these are dense runs:";

/* One after the other, on lines that begin with `before`. */
static void list_all(const espalier_study_results *results, const char *before, text *out)
{
    char title[256];
    snprintf(title, sizeof title, "\n%s\n%s", failed_title, before[0] == '-' ? "\n" : "");
    list_runs(results, is_failed, title, before, "\n", out);
    snprintf(title, sizeof title, "\n%s %s weights):\n%s", missed_title,
             results->of_prunable ? "the prunable" : "all", before[0] == '-' ? "\n" : "");
    list_runs(results, is_missed, title, before, "\n", out);
    snprintf(title, sizeof title, "\n%s\n%s", idle_title, before[0] == '-' ? "\n" : "");
    list_runs(results, is_idle, title, before, "\n", out);
    if (results->planned)
        text_print(out, "\nNot run yet: %zu run%s of the plan.\n", results->planned,
                   results->planned == 1 ? "" : "s");
}

/* ---- the three texts ---------------------------------------------------- */

/* Words broken into lines of at most 100 bytes, each beginning with `before`. */
static void add_wrapped(text *out, const char *words, const char *before)
{
    enum { LINE_MOST = 100 };
    while (*words) {
        size_t end = strlen(words), limit = LINE_MOST - strlen(before);
        if (end > limit) {
            for (end = limit; end > 0 && words[end] != ' '; end--)
                continue;
            end = end ? end : strcspn(words, " ");
        }
        text_print(out, "%s%.*s\n", before, (int)end, words);
        words += end;
        words += strspn(words, " ");
    }
}

static void markdown(const espalier_study_results *results, const cells *table, const char *caption,
                     text *out)
{
    text_print(out, "# Summary of the study\n\n");
    cells_markdown(table, out);
    text_print(out, "\n");
    add_wrapped(out, caption, "");
    list_all(results, "- ", out);
}

/* Alone it is a document; what \input reads is the table and its words. */
static const char latex_begin[] =
    "% Typeset alone, or \\input into a document.\n"
    "\\makeatletter\n"
    "\\ifx\\@nodocument\\relax\n"
    "  \\let\\espalierend\\relax\n"
    "\\else\n"
    "  \\documentclass{article}\n"
    "  \\setlength{\\paperwidth}{300mm}\\setlength{\\paperheight}{235mm}\n"
    "  \\ifdefined\\pdfpagewidth\\pdfpagewidth=\\paperwidth\\pdfpageheight=\\paperheight\\fi\n"
    "  \\ifdefined\\pagewidth\\pagewidth=\\paperwidth\\pageheight=\\paperheight\\fi\n"
    "  \\setlength{\\hoffset}{-1in}\\setlength{\\voffset}{-1in}\n"
    "  \\setlength{\\oddsidemargin}{10mm}\\setlength{\\textwidth}{280mm}\n"
    "  \\setlength{\\topmargin}{5mm}\\setlength{\\textheight}{215mm}\n"
    "  \\setlength{\\parindent}{0pt}\\pagestyle{empty}\n"
    "  \\def\\espalierend{\\end{document}}\n"
    "  \\begin{document}\n"
    "\\fi\n"
    "\\makeatother\n";

static void latex_words(text *out, const char *words)
{
    text escaped = {.allocator = out->allocator};
    cells_latex_words(&escaped, words);
    add_wrapped(out, text_content(&escaped), "");
    out->failed = out->failed || escaped.failed;
    text_clear(&escaped);
}

static void latex(const espalier_study_results *results, const cells *table, const char *caption,
                  text *out)
{
    text lists = {.allocator = out->allocator};
    text_print(out, "%s{\\footnotesize\\setlength{\\tabcolsep}{3pt}\n", latex_begin);
    cells_latex(table, out);
    text_print(out, "\\par\\medskip\n");
    latex_words(out, caption);
    list_all(results, "", &lists);
    for (const char *line = text_content(&lists); *line;) {
        char words[512];
        const size_t length = strcspn(line, "\n");
        snprintf(words, sizeof words, "%.*s", (int)length, line);
        if (length > 0) {
            text_print(out, "\\par\n");
            latex_words(out, words);
        }
        line += length + (line[length] == '\n');
    }
    text_print(out, "\\par}\n\\espalierend\n");
    out->failed = out->failed || lists.failed;
    text_clear(&lists);
}

/* ---- files -------------------------------------------------------------- */

static espalier_status write_file(const char *folder, const char *name, const text *content,
                                  espalier_error *error)
{
    char *path = stream_join(content->allocator, folder, name);
    espalier_status status = path ? text_write_inside(content, path, error) : error_memory(error);
    memory_release(content->allocator, path);
    return status;
}

static espalier_status write_all(const char *folder, const espalier_study_results *results,
                                 const cells *table, const char *caption, espalier_error *error)
{
    text csv = {.allocator = results->allocator}, md = csv, tex = csv;
    summary_csv(results, &csv);
    markdown(results, table, caption, &md);
    latex(results, table, caption, &tex);
    espalier_status status = write_file(folder, "summary.csv", &csv, error);
    if (status == ESPALIER_OK)
        status = write_file(folder, "summary.md", &md, error);
    if (status == ESPALIER_OK)
        status = write_file(folder, "summary.tex", &tex, error);
    text_clear(&csv);
    text_clear(&md);
    text_clear(&tex);
    return status;
}

espalier_status espalier_study_summarise(const char *folder, const espalier_allocator *allocator,
                                         espalier_error *error)
{
    espalier_study_results *results = NULL;
    espalier_status status = espalier_study_results_read(folder, allocator, &results, error);
    if (status != ESPALIER_OK)
        return status;
    cells table = {.words.allocator = allocator};
    text caption = {.allocator = allocator};
    numerals point;
    const bool plain = numerals_begin(&point);
    summary_table(results, false, &table);
    summary_caption(results, &caption);
    if (!plain || table.words.failed || caption.failed)
        status = error_memory(error);
    else
        status = write_all(folder, results, &table, text_content(&caption), error);
    if (plain)
        numerals_end(&point);
    text_clear(&table.words);
    text_clear(&caption);
    espalier_study_results_destroy(results);
    return status;
}

static void terminal(const espalier_study_results *results, text *out)
{
    cells table = {0};
    summary_table(results, true, &table);
    out->failed = out->failed || table.words.failed;
    if (!out->failed)
        cells_terminal(&table, out);
    text_clear(&table.words);
    text_print(out, "\n± half the 95 %% interval; p of the paired difference to magnitude, not "
                    "corrected; accuracies in percent\n");
    char last[512];
    if (espalier_study_last_steps(results, last, sizeof last)[0])
        add_wrapped(out, last, "");
    list_all(results, "  ", out);
}

espalier_status espalier_study_summary_text(const char *folder, char **words, espalier_error *error)
{
    espalier_study_results *results = NULL;
    espalier_status status = espalier_study_results_read(folder, NULL, &results, error);
    if (status != ESPALIER_OK)
        return status;
    text out = {0};
    numerals point; /* the terminal's table is that of the files */
    const bool plain = numerals_begin(&point);
    terminal(results, &out);
    if (plain)
        numerals_end(&point);
    espalier_study_results_destroy(results);
    if (!plain || out.failed) {
        text_clear(&out);
        return error_memory(error);
    }
    *words = out.bytes;
    return ESPALIER_OK;
}
