/* espalier study: many runs on one data set, in a folder that can be taken up again. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "doubts.h"
#include "interrupt.h"
#include "output.h"
#include "resume.h"
#include "shell.h"
#include "study_settings.h"
#include "table.h"

/* The line at the foot of a terminal, and whether a signal ended the study. */
typedef struct line {
    bool shown, quiet, stopped;
    double drawn;
} line;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void draw(line *at, const espalier_study_progress *p)
{
    char left[TIME_BYTES];
    fprintf(stderr, "\r\033[K%zu/%zu runs", p->done + p->failed, p->runs);
    if (p->failed)
        fprintf(stderr, ", %zu failed", p->failed);
    if (p->timing)
        fprintf(stderr, ", timing %zu", p->timed + 1);
    else
        fprintf(stderr, ", %zu running", p->running);
    if (!isnan(p->seconds_left))
        fprintf(stderr, ", %s left", clock_time(left, p->seconds_left));
    fflush(stderr);
    at->drawn = now();
}

static bool listen(void *context, const espalier_study_progress *p)
{
    line *at = context;
    if (p->note && at->shown)
        fputs("\r\033[K", stderr);
    if (p->note && p->ended && !at->quiet)
        message("%s: %s", p->ended, p->note);
    else if (p->note && !at->quiet)
        message("%s", p->note);
    if (at->shown && (p->note || p->ended || now() - at->drawn >= 0.2))
        draw(at, p);
    at->stopped = at->stopped || interrupted();
    return !at->stopped;
}

/* ---- the end ------------------------------------------------------------------ */

/* The records of all runs, without their spectra, in the order of the plan. */
static json_t *read_records(const char *folder)
{
    char path[4400];
    size_t index;
    json_error_t where;
    json_t *name, *records = json_array();
    snprintf(path, sizeof path, "%s/study.json", folder);
    json_t *study = read_json(path, &where);
    json_array_foreach(json_object_get(study, "runs"), index, name) {
        snprintf(path, sizeof path, "%s/runs/%s.json", folder, json_string_value(name));
        json_t *record = read_json(path, &where);
        json_object_del(record, "spectra");
        if (record)
            json_array_append_new(records, record);
    }
    json_decref(study);
    return records;
}

static int print_records(const espalier_study_summary *summary, const char *folder)
{
    json_t *object = json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:o}", "folder", folder, "runs",
                               (json_int_t)summary->runs, "found", (json_int_t)summary->found,
                               "failed", (json_int_t)summary->failed, "missed",
                               (json_int_t)summary->missed, "seconds", summary->seconds,
                               "records", read_records(folder));
    int code = print_json(object);
    json_decref(object);
    return code;
}

/* Which runs failed or missed their target; at most so many are named. */
static void say_short(const study_settings *s, const espalier_study_summary *summary)
{
    const char *const folder = s->run.output;
    const char *const of = s->options.prune.of == ESPALIER_OF_PRUNABLE ? "prunable" : "all";
    enum { NAMED_MOST = 5 };
    size_t index, named = 0;
    json_t *record, *records = read_records(folder);
    message("%zu of %zu runs failed, %zu did not reach their target sparsity", summary->failed,
            summary->runs, summary->missed);
    json_array_foreach(records, index, record) {
        const char *name = json_string_value(json_object_get(record, "name"));
        const char *error = json_string_value(json_object_get(record, "error"));
        const bool missed = json_is_false(json_object_get(record, "reached"));
        if ((!error && !missed) || named == NAMED_MOST)
            continue;
        named++;
        if (error)
            message("  %s: %s", name, error);
        else
            message("  %s: %.2f %% instead of %.2f %%", name,
                    100 * json_number_value(json_object_get(json_object_get(record, "sparsity"), of)),
                    100 * json_number_value(json_object_get(record, "target")));
    }
    if (named < summary->failed + summary->missed)
        message("  and %zu more (%s/summary.md)", summary->failed + summary->missed - named, folder);
    json_decref(records);
}

static int print_table(const espalier_study_summary *summary, const char *folder)
{
    char time[TIME_BYTES], *text = NULL;
    espalier_error error = {0};
    if (espalier_study_summary_text(folder, &text, &error))
        return fail(&error);
    int code = print_stdout(text);
    espalier_text_release(text);
    if (code != EXIT_NONE)
        return code;
    printf("\n%zu runs, %zu of them finished before, %s\n", summary->runs, summary->found,
           clock_time(time, summary->seconds));
    printf("wrote %s/runs.csv, summary.csv, summary.md, summary.tex\n", folder);
    return EXIT_NONE;
}

/* The command that goes on is the one that began. Returns text, or words for it. */
static const char *same_command(int argc, char **argv, char *text, size_t size)
{
    enum { WORDS_MOST = 1024 };
    const char *words[WORDS_MOST] = {"espalier"};
    for (int i = 0; i < argc && i + 1 < WORDS_MOST; i++)
        words[i + 1] = argv[i];
    const bool whole = argc < WORDS_MOST && shell_words(words, (size_t)argc + 1, text, size);
    return whole ? text : "the same command";
}

static int say_stopped(const espalier_study_summary *summary, const char *command)
{
    char failed[64] = "";
    if (summary->failed)
        snprintf(failed, sizeof failed, " and %zu failed", summary->failed);
    message("stopped with %zu of %zu runs done%s; go on with: %s",
            summary->runs - summary->left - summary->failed, summary->runs, failed,
            command);
    return EXIT_FAILED;
}

static int run_study(const option_set *set, study_settings *s, const espalier_dataset *dataset,
                     int argc, char **argv)
{
    espalier_error error = {0};
    espalier_study_summary summary = {0};
    char name[256];
    line at = {.quiet = s->run.quiet, .shown = !s->run.quiet && shows_progress()};
    base_name(set->files[0], name, sizeof name);
    if (espalier_dataset_row_count(dataset, ESPALIER_TEST) == 0)
        message("warning: %s: no test rows: there will be no accuracy to compare methods by; for a "
                "table give --test or --test-file",
                set->files[0]);
    json_t *data = json_pack("{s:o, s:o}", "name", resume_text_json(name), "validation",
                             data_validation_json(&s->run.data, dataset));
    char *text = json_text(data);
    json_decref(data);
    s->options.data = text;
    s->options.listener = listen;
    s->options.context = &at;
    char words[2 * 4096];
    const char *command = same_command(argc, argv, words, sizeof words);
    interrupt_watch("\r\033[Kstopping at the end of each run's epoch; once more to stop at once\n", command);
    espalier_status status = espalier_study_run(dataset, &s->options, NULL, &summary, &error);
    free(text);
    if (at.shown)
        fputs("\r\033[K", stderr);
    if (status == ESPALIER_ERROR_CANCELLED && at.stopped)
        return say_stopped(&summary, command);
    if (status == ESPALIER_ERROR_MISMATCH)
        return usage_error(set->command, "%s", error.message);
    if (status != ESPALIER_OK)
        return study_fail(&error, set);
    int code = EXIT_NONE;
    if (s->run.json)
        code = print_records(&summary, s->run.output);
    else if (!s->run.quiet)
        code = print_table(&summary, s->run.output);
    if (code != EXIT_NONE)
        return code;
    const bool complete = summary.failed == 0 && summary.missed == 0;
    if (!complete)
        say_short(s, &summary);
    return finish_stdout(complete ? EXIT_DONE : EXIT_CHECK);
}

int cmd_study(int argc, char **argv)
{
    study_settings s;
    option_set set = {
        .command = argv[0],
        .arguments = "DATA -o DIR",
        .summary = "Compares ways of pruning on DATA: methods x sparsities x seeds, one run per "
                   "processor. A study that was broken off, or is asked for more, goes on where "
                   "it is; Ctrl-C ends it after the epochs that are under way.",
        .least = 1,
        .most = 1,
        .epilogue = study_epilogue,
    };
    espalier_dataset *dataset = NULL;
    study_settings_init(&s);
    study_add_options(&set, &s);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = output_given(set.command, s.run.output);
    if (code == EXIT_NONE)
        code = study_settle(&s, &set);
    if (code == EXIT_NONE)
        code = data_open(set.files[0], &s.run.data, &dataset);
    if (code == EXIT_NONE)
        code = doubts_say(set.files[0], dataset, true, &s.run.data);
    if (code == EXIT_NONE)
        doubts_splits(set.files[0], dataset, &s.run.data);
    if (code == EXIT_NONE)
        code = run_study(&set, &s, dataset, argc, argv);
    espalier_dataset_destroy(dataset);
    options_clear(&set);
    return code;
}
