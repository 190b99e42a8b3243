/* The page of one run: what was run, what is missing, and between them its parts
 * (run_*.c), which use what is here at the top. */
#include "report/run_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/json_text.h"
#include "report/plot.h"

/* ---- what the parts share --------------------------------------------------- */

size_t run_width(const run_folder *f, size_t position)
{
    const espalier_network *network = f->before ? f->before : f->model;
    if (network)
        return espalier_network_original_width(network, position);
    return json_as_size(json_list_number(f->config, "widths", position));
}

size_t run_layer_count(const run_folder *f)
{
    const espalier_network *network = f->before ? f->before : f->model;
    const size_t widths = json_list_size(f->config, "widths");
    return network ? espalier_network_layer_count(network) : widths ? widths - 1 : 0;
}

size_t run_chosen_count(size_t count, size_t most)
{
    return count < most ? count : most;
}

size_t run_chosen(size_t count, size_t most, size_t i)
{
    return count <= most ? i : i * (count - 1) / (most - 1);
}

/* Of so few epochs each has a tic of its own, and nothing between them has one. */
enum { TICS_EACH = 10 };

void run_epoch_axis(text *script, const run_folder *f, const char *other)
{
    text_print(script, "set xlabel 'epoch'\nset ylabel '%s'\n%s", other,
               json_array_size(f->epochs) <= TICS_EACH ? "set xtics 1\n" : "");
}

/* More than so many marks would be a wall: their numbers are left out. */
enum { MARKS_NUMBERED = 12, MARKS_MOST = 60 };

void run_mark_steps(text *script, const run_folder *f)
{
    const size_t count = json_array_size(f->steps);
    double last = NAN;
    for (size_t i = 0; count <= MARKS_MOST && i < count; i++) {
        const double epoch = json_number_at(json_array_get(f->steps, i), "epoch");
        if (isnan(epoch) || epoch == last)
            continue;
        last = epoch;
        text_print(script, "set arrow from %g, graph 0 to %g, graph 1 nohead ls 101 back\n", epoch,
                   epoch);
        if (count <= MARKS_NUMBERED)
            text_print(script, "set label '%zu' at %g, graph 0.97 offset 0.3,0 tc rgb '#5a6672'\n",
                       i + 1, epoch);
    }
}

/* ---- the heading -------------------------------------------------------------- */

static void print_widths(text *t, const run_folder *f)
{
    for (size_t i = 0; run_layer_count(f) && i <= run_layer_count(f); i++)
        text_print(t, "%s%zu", i ? "-" : "", run_width(f, i));
}

static bool of_prunable(const run_folder *f)
{
    const char *of = json_text_at(json_object_get(f->config, "options"), "of");
    return of && strcmp(of, "prunable") == 0;
}

static void heading(report *r, const run_folder *f)
{
    text title = {.allocator = r->allocator}, lead = {.allocator = r->allocator};
    const json_t *options = json_object_get(f->config, "options");
    const char *data = json_text_at(f->config, "data");
    const char *criterion = json_text_at(options, "criterion");
    const double target = json_number_at(options, "prune");
    if (json_text_at(f->config, "version"))
        text_print(&lead, "`espalier %s`, version %s, seed %zu.",
                   json_text_at(f->config, "command") ? json_text_at(f->config, "command") : "",
                   json_text_at(f->config, "version"), json_size_at(f->config, "seed"));
    if (criterion && target > 0)
        text_print(&lead, " %.4g %% of %s weights were to be pruned by `%s`; steps taken: %zu.",
                   100 * target, of_prunable(f) ? "the prunable" : "all", criterion,
                   json_array_size(f->steps));
    text_print(&title, "%s ", data ? data : "A run");
    print_widths(&title, f);
    page_title(&r->page, text_content(&title), "%s", text_content(&lead));
    r->page.body.failed |= title.failed || lead.failed;
    text_clear(&title);
    text_clear(&lead);
}

/* ---- notes ---------------------------------------------------------------------------- */

/* As a fraction of those that count: as many as make the target are rounded down. */
static double one_weight(const run_folder *f)
{
    double weights = 0;
    for (size_t l = 0; l + of_prunable(f) < run_layer_count(f); l++)
        weights += (double)run_width(f, l) * (double)run_width(f, l + 1);
    return weights > 0 ? 1 / weights : 0;
}

/* Parts that a run with pruning steps keeps. */
static void missing(report *r, const run_folder *f)
{
    const char *const parts[] = {
        f->before ? NULL : "the network before its first step (`before.safetensors`)",
        f->evaluation ? NULL : "what is confused with what (`evaluation.json`)",
        json_array_size(f->counts) ? NULL : "activation counts at each step (`counts` in the log)"};
    text list = {.allocator = r->allocator};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i])
            text_print(&list, "%s%s", list.length ? "; " : "", parts[i]);
    page_note(&r->page, "Not in this folder, so not on this page: %s.%s", text_content(&list),
              f->result ? " Runs of this version keep them." : "");
    r->page.body.failed |= list.failed;
    text_clear(&list);
}

static void notes(report *r, const run_folder *f)
{
    const double target = json_number_at(f->result, "target");
    const double reached =
        json_number_at(json_object_get(f->result, "sparsity"), of_prunable(f) ? "prunable" : "all");
    if (f->cut)
        page_note(&r->page, "The last line of `log.jsonl` is not whole: the run was ended while it "
                            "wrote. The page shows what came before.");
    if (!f->result)
        page_note(&r->page, "There is no `result.json`: the run has not ended, or not well.");
    if (target > 0 && reached < target - one_weight(f))
        page_note(&r->page,
                  "The target was not reached: %.2f %% were asked for, %.2f %% are pruned.",
                  100 * target, 100 * reached);
    for (size_t i = 0; i < json_array_size(f->notes); i++) {
        const json_t *event = json_array_get(f->notes, i);
        if (json_text_at(event, "note"))
            page_note(&r->page, "Epoch %zu: %s", json_size_at(event, "epoch"),
                      json_text_at(event, "note"));
    }
    if (json_array_size(f->steps) && (!f->before || !f->evaluation || !json_array_size(f->counts)))
        missing(r, f);
}

/* ---- how it was run --------------------------------------------------------------------- */

static void cell_value(report *r, const json_t *value)
{
    const size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(6) | JSON_COMPACT;
    char *words = json_text_of(value, flags, r->allocator);
    if (!value || json_is_null(value))
        page_cell(&r->page, "–");
    else if (json_is_string(value))
        page_cell(&r->page, "%s", json_string_value(value));
    else if (words)
        page_cell(&r->page, "%s", words);
    else
        r->page.body.failed = true;
    memory_release(r->allocator, words);
}

static void settings(report *r, const run_folder *f)
{
    static const char *const keys[] = {"command", "data", "seed", "version", "math"};
    json_t *options = json_object_get(f->config, "options");
    const char *name;
    json_t *value;
    if (!f->config)
        return;
    page_section(&r->page, "settings", "How it was run");
    page_details_begin(&r->page, "Every option");
    page_table_begin(&r->page, NULL);
    page_column(&r->page, false, "option");
    page_column(&r->page, false, "value");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        page_cell(&r->page, "%s", keys[i]);
        cell_value(r, json_object_get(f->config, keys[i]));
    }
    json_object_foreach(options, name, value) {
        page_cell(&r->page, "--%s", name);
        cell_value(r, value);
    }
    page_table_end(&r->page);
    page_details_end(&r->page);
    page_words(&r->page,
               "Made by espalier %s. The numbers, scripts and pictures of the plots are in "
               "the folder `plots`; `gnuplot NAME.gp` there draws one anew.",
               espalier_version());
}

/* ---- the page -------------------------------------------------------------------- */

espalier_status run_page_write(report *r, espalier_error *error)
{
    static run_part *const parts[] = {run_training, run_layers, run_counts,  run_spectra,
                                      run_weights,  run_images, run_classes, run_ledger};
    run_folder f;
    espalier_status status = run_folder_read(r->folder, r->allocator, &f, error);
    if (status)
        return status;
    heading(r, &f);
    status = run_numbers(r, &f, error);
    notes(r, &f);
    for (size_t i = 0; status == ESPALIER_OK && i < sizeof parts / sizeof *parts; i++)
        status = parts[i](r, &f, error);
    settings(r, &f);
    run_folder_clear(&f);
    return status;
}
