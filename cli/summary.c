/* The result of a run, for people, told from the same object that --json prints. */
#include "summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "activation.h"
#include "data.h"
#include "output.h"
#include "table.h"

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static uint64_t count(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static void print_accuracies(const json_t *result)
{
    const json_t *accuracy = json_object_get(result, "accuracy");
    const json_t *loss = json_object_get(result, "loss");
    table *t = table_create(3);
    size_t rows = 0;
    table_cell(t, "%s", "");
    table_cell(t, "accuracy");
    table_cell(t, "loss");
    for (size_t i = 0; split_name(i); i++) {
        double value = number(accuracy, split_name(i));
        if (isnan(value))
            continue;
        table_cell(t, "%s", split_name(i));
        table_cell(t, "%.2f %%", 100 * value);
        table_cell(t, "%.4f", number(loss, split_name(i)));
        rows++;
    }
    if (rows) {
        table_print(t, 0);
        putchar('\n');
    }
    table_destroy(t);
}

/* What made a step unlike the others. */
static void step_note(table *t, const json_t *step)
{
    bool forced = json_is_true(json_object_get(step, "forced"));
    uint64_t guarded = count(step, "neurons_guarded");
    if (guarded)
        table_cell(t, "%llu neurons guarded%s", (unsigned long long)guarded,
                   forced ? ", patience ran out" : "");
    else if (count(step, "requested") == 0)
        table_cell(t, "already met");
    else
        table_cell(t, "%s", forced ? "patience ran out" : "");
}

void print_prune_steps(const json_t *steps)
{
    char text[DIGITS_BYTES];
    static const char *const heads[] = {"step", "epoch", "accuracy", "requested",
                                        "by rank", "by propagation", "sparsity", ""};
    table *t = table_create(8);
    for (size_t i = 0; i < 8; i++)
        table_cell(t, "%s", heads[i]);
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        double accuracy = number(step, "training_accuracy");
        table_cell(t, "%zu", i + 1);
        table_cell(t, "%s", digits(text, count(step, "epoch")));
        if (isnan(accuracy))
            table_cell(t, "-");
        else
            table_cell(t, "%.2f %%", 100 * accuracy);
        table_cell(t, "%s", digits(text, count(step, "requested")));
        table_cell(t, "%s", digits(text, count(step, "removed_by_rank")));
        table_cell(t, "%s", digits(text, count(step, "removed_by_propagation")));
        /* A result says "sparsity", a history "sparsity_all". */
        double sparsity = number(step, "sparsity");
        table_cell(t, "%.2f %%",
                   100 * (isnan(sparsity) ? number(step, "sparsity_all") : sparsity));
        step_note(t, step);
    }
    table_print(t, 0);
    table_destroy(t);
}

/* With --from: what the run started again from, and by which recipe. */
static void print_restart(const json_t *restart)
{
    const char *initial = json_string_value(json_object_get(restart, "initial"));
    const char *recipe = json_string_value(json_object_get(restart, "recipe"));
    if (!restart)
        return;
    printf("restart   %s of ", json_string_value(json_object_get(restart, "how")));
    print_plain(json_string_value(json_object_get(restart, "from")));
    if (initial)
        printf(", initial weights from %s",
               strcmp(initial, "file") == 0     ? "the file named"
               : strcmp(initial, "folder") == 0 ? "initial.safetensors beside it"
                                                : "its seed");
    printf(", recipe %s\n", strcmp(recipe, "model") == 0 ? "of its first training"
                                                         : "by default: it does not tell its own");
}

/* A step at the end of the last epoch, not between its batches: the accuracy that stands beside it is
 * of the network before. */
static bool ends_with_step(const json_t *result)
{
    const json_t *steps = json_object_get(result, "prunes");
    const json_t *last = json_array_get(steps, json_array_size(steps) - 1);
    return count(last, "epoch") > 0 && count(last, "epoch") == count(result, "epochs") &&
           !isnan(number(last, "training_accuracy"));
}

void print_summary(const json_t *result, const espalier_network *network, const char *output,
                   const char *proof)
{
    char before[WIDTHS_BYTES], after[WIDTHS_BYTES], text[DIGITS_BYTES], time[TIME_BYTES];
    char label[DATA_LABEL_BYTES];
    const json_t *sparsity = json_object_get(result, "sparsity");
    const char *stopped = json_string_value(json_object_get(result, "stopped_by"));
    print_accuracies(result);
    if (data_label_column(espalier_network_metadata(network, "columns"), label)) {
        fputs("labels    ", stdout);
        print_plain(label);
        putchar('\n');
    }
    printf("sparsity  %.2f %% of all weights, %.2f %% of the prunable\n",
           100 * number(sparsity, "all"), 100 * number(sparsity, "prunable"));
    printf("neurons   %s -> %s\n", hidden_widths(before, network), live_neurons(after, network));
    activation_print(network);
    if (stopped) {
        double seconds = number(json_object_get(result, "seconds"), "total");
        printf("epochs    %s, stopped by %s, %s\n", digits(text, count(result, "epochs")), stopped,
               clock_time(time, seconds));
    }
    print_restart(json_object_get(result, "restart"));
    const json_t *steps = json_object_get(result, "prunes");
    if (json_array_size(steps) > 0) {
        puts("\npruning steps");
        print_prune_steps(steps);
    }
    if (ends_with_step(result))
        puts("the last step came after the last epoch: nothing was learnt after it");
    printf("\nwrote %s (%s bytes)\n", output, digits(text, file_bytes(output)));
    if (*proof)
        puts(proof);
}
