/* A model described. What was trained how, and the pruning steps, are told from
 * the metadata "training" and "history" as far as they are there. */
#include "info.h"

#include <stdio.h>
#include <string.h>

#include "activation.h"
#include "output.h"
#include "resume.h"
#include "summary.h"
#include "table.h"

static json_t *metadata(const espalier_network *network, const char *key)
{
    const char *text = espalier_network_metadata(network, key);
    return text ? json_loads(text, 0, NULL) : NULL;
}

static double layer_sparsity(const espalier_cost *cost)
{
    return cost->weights ? 1 - (double)cost->nonzero / (double)cost->weights : 0;
}

static bool counted(const espalier_network *network, size_t layer)
{
    return espalier_network_inputs_counted(network) > 0 &&
           espalier_network_activation(network, layer) != ESPALIER_LINEAR;
}

/* ---- one ------------------------------------------------------------------ */

static void print_scaling(const espalier_network *network)
{
    const float *shift = NULL, *scale = NULL;
    size_t pairs = espalier_network_scaling(network, &shift, &scale);
    if (pairs == 1 && shift[0] == 0 && scale[0] == 1)
        printf("as they are");
    else if (pairs == 1 && shift[0] == 0)
        printf("scaled: x * %g", (double)scale[0]);
    else if (pairs == 1)
        printf("scaled: (x - %g) * %g", (double)shift[0], (double)scale[0]);
    else
        printf(pairs ? "each with its own scaling" : "not scaled");
}

static void print_inputs(const model_info *m)
{
    size_t width = espalier_network_row_width(m->network);
    size_t kept = espalier_network_inputs(m->network, 0);
    printf("inputs    %zu, ", width);
    if (kept < width)
        printf("%zu of them read, ", kept);
    if (m->unscaled && m->measured)
        printf("not scaled; here ");
    print_scaling(m->network);
    putchar('\n');
}

static void print_classes(const espalier_network *network)
{
    size_t count = espalier_network_class_count(network), most = count < 10 ? count : 10;
    printf("classes   %zu:", count);
    for (size_t c = 0; c < most; c++) {
        fputs(c ? ", " : " ", stdout);
        print_plain(espalier_network_class_name(network, c));
    }
    puts(most < count ? ", …" : "");
}

static void print_named(const char *before, const char *name)
{
    if (name) {
        fputs(before, stdout);
        print_plain(name);
    }
}

static void print_training(const espalier_network *network)
{
    json_t *training = metadata(network, "training");
    const char *command = json_string_value(json_object_get(training, "command"));
    const char *version = json_string_value(json_object_get(training, "version"));
    const char *data = json_string_value(json_object_get(training, "data"));
    const char *math = json_string_value(json_object_get(training, "math"));
    const json_t *seed = json_object_get(training, "seed");
    const json_t *options = json_object_get(training, "options");
    const json_t *target = json_object_get(options, "prune");
    const char *criterion = json_string_value(json_object_get(options, "criterion"));
    if (command) {
        print_named("made by   espalier ", command);
        print_named(" ", version);
        print_named(" on ", data);
        if (json_is_integer(seed))
            printf(", seed %lld", (long long)json_integer_value(seed));
        print_named(", math ", math);
        if (json_is_number(target)) {
            printf(", prune %g%%", 100 * json_number_value(target));
            print_named(" by ", criterion);
        }
        putchar('\n');
    }
    json_decref(training);
}

static void print_layers(const espalier_network *network)
{
    static const char *const heads[] = {"layer",   "inputs",  "outputs",  "live",
                                        "weights", "nonzero", "sparsity", "counts"};
    char text[DIGITS_BYTES];
    table *t = table_create(8);
    for (size_t i = 0; i < 8; i++)
        table_cell(t, "%s", heads[i]);
    for (size_t l = 0; l < espalier_network_layer_count(network); l++) {
        espalier_cost cost = espalier_network_layer_cost(network, l);
        table_cell(t, "%zu", l);
        table_cell(t, "%zu", espalier_network_inputs(network, l));
        table_cell(t, "%zu", espalier_network_outputs(network, l));
        table_cell(t, "%zu", cost.live);
        table_cell(t, "%s", digits(text, cost.weights));
        table_cell(t, "%s", digits(text, cost.nonzero));
        table_cell(t, "%.2f %%", 100 * layer_sparsity(&cost));
        table_cell(t, "%s", counted(network, l) ? "yes" : "no");
    }
    putchar('\n');
    table_print(t, 0);
    table_destroy(t);
}

/* The form chosen, and the share of zeros from which on it is "sparse". */
static void form_cells(table *t, bool sparse, double break_even)
{
    table_cell(t, sparse ? "sparse" : "dense");
    if (break_even < 1.0)
        table_cell(t, "%.0f %%", 100 * break_even);
    else
        table_cell(t, "never");
}

/* How a prediction goes through the layers; nothing for want of memory. */
static void print_forms(const espalier_network *network)
{
    static const char *const heads[] = {"layer",       "computed",  "zeros",      "one row",
                                        "sparse from", "many rows", "sparse from"};
    espalier_predictor *predictor;
    if (espalier_predictor_create(network, NULL, &predictor, NULL))
        return;
    table *t = table_create(7);
    for (size_t i = 0; i < 7; i++)
        table_cell(t, "%s", heads[i]);
    for (size_t l = 0; l < espalier_predictor_layer_count(predictor); l++) {
        const espalier_predictor_layer form = espalier_predictor_layer_form(predictor, l);
        const double weights = (double)form.inputs * (double)form.outputs;
        table_cell(t, "%zu", l);
        table_cell(t, "%zu x %zu", form.inputs, form.outputs);
        table_cell(t, "%.1f %%", 100 * (1 - (double)form.nonzero / weights));
        form_cells(t, form.one_row_sparse, form.one_row_break_even);
        form_cells(t, form.many_rows_sparse, form.many_rows_break_even);
    }
    puts("\nprediction on this machine");
    table_print(t, 0);
    table_destroy(t);
    espalier_predictor_destroy(predictor);
}

static void print_history(const espalier_network *network)
{
    json_t *history = metadata(network, "history");
    if (json_array_size(history) > 0) {
        puts("\npruning history");
        print_prune_steps(history);
    }
    json_decref(history);
}

/* By what it begins with: an archive, or the length of a JSON header and its brace. */
static const char *format_name(const char *path)
{
    char begin[9] = "";
    FILE *file = fopen(path, "rb");
    const size_t count = file ? fread(begin, 1, sizeof begin, file) : 0;
    if (file)
        fclose(file);
    return count == sizeof begin && begin[8] == '{' ? "safetensors"
           : memcmp(begin, "PK", 2) == 0            ? "NumPy"
                                                    : "ONNX";
}

static void print_origin(const espalier_network *network)
{
    const char *imported = espalier_network_metadata(network, "imported");
    if (imported) {
        print_named("came from ", imported);
        putchar('\n');
    }
}

void info_print_one(const model_info *model)
{
    char text[DIGITS_BYTES], before[WIDTHS_BYTES], after[WIDTHS_BYTES];
    const espalier_network *n = model->network;
    print_named("file      ", model->path);
    printf(", %s, %s bytes\n", format_name(model->path), digits(text, file_bytes(model->path)));
    print_inputs(model);
    print_classes(n);
    print_origin(n);
    print_training(n);
    printf("neurons   %s -> %s\n", hidden_widths(before, n), live_neurons(after, n));
    activation_print(n);
    printf("sparsity  %.2f %% of all weights, %.2f %% of the prunable\n",
           100 * espalier_network_sparsity(n), 100 * espalier_network_sparsity_prunable(n));
    printf("flops     %s per prediction\n", digits(text, espalier_network_cost(n).flops));
    if (espalier_network_inputs_counted(n))
        printf("counts    of %s inputs\n", digits(text, espalier_network_inputs_counted(n)));
    if (model->measured)
        printf("accuracy  %.2f %% on test rows\ntime      %.2f µs per prediction\n",
               100 * model->accuracy, model->nanoseconds / 1000);
    print_layers(n);
    if (model->measured)
        print_forms(n);
    print_history(n);
}

/* ---- several -------------------------------------------------------------- */

typedef void cell_function(table *t, const model_info *model);

static void cell_kept(table *t, const model_info *m)
{
    char text[DIGITS_BYTES];
    table_cell(t, "%s", digits(text, espalier_network_cost(m->network).nonzero));
}

static void cell_stored(table *t, const model_info *m)
{
    char text[DIGITS_BYTES];
    table_cell(t, "%s", digits(text, espalier_network_cost(m->network).weights));
}

static void cell_neurons(table *t, const model_info *m)
{
    char text[WIDTHS_BYTES];
    table_cell(t, "%s", live_neurons(text, m->network));
}

static void cell_sparsity(table *t, const model_info *m)
{
    table_cell(t, "%.2f %%", 100 * espalier_network_sparsity(m->network));
}

static void cell_prunable(table *t, const model_info *m)
{
    table_cell(t, "%.2f %%", 100 * espalier_network_sparsity_prunable(m->network));
}

static void cell_flops(table *t, const model_info *m)
{
    char text[DIGITS_BYTES];
    table_cell(t, "%s", digits(text, espalier_network_cost(m->network).flops));
}

static void cell_bytes(table *t, const model_info *m)
{
    char text[DIGITS_BYTES];
    table_cell(t, "%s", digits(text, file_bytes(m->path)));
}

static void cell_accuracy(table *t, const model_info *m)
{
    table_cell(t, "%.2f %%", 100 * m->accuracy);
}

static void cell_time(table *t, const model_info *m)
{
    table_cell(t, "%.2f µs", m->nanoseconds / 1000);
}

void info_print_several(const model_info *models, size_t count)
{
    static const struct {
        const char *name;
        cell_function *cell;
        bool measured;
    } rows[] = {
        {"weights kept", cell_kept, false},
        {"weights in the file", cell_stored, false},
        {"live hidden neurons", cell_neurons, false},
        {"sparsity of all", cell_sparsity, false},
        {"sparsity of prunable", cell_prunable, false},
        {"FLOPs per prediction", cell_flops, false},
        {"file bytes", cell_bytes, false},
        {"test accuracy", cell_accuracy, true},
        {"time per prediction", cell_time, true},
    };
    table *t = table_create(count + 1);
    table_cell(t, "%s", "");
    for (size_t i = 0; i < count; i++)
        table_cell(t, "%s", models[i].label);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        if (rows[r].measured && !models[0].measured)
            continue;
        table_cell(t, "%s", rows[r].name);
        for (size_t i = 0; i < count; i++)
            rows[r].cell(t, &models[i]);
    }
    table_print(t, 0);
    table_destroy(t);
}

/* ---- JSON ----------------------------------------------------------------- */

static json_t *layers_json(const espalier_network *network)
{
    json_t *layers = json_array();
    for (size_t l = 0; l < espalier_network_layer_count(network); l++) {
        espalier_cost cost = espalier_network_layer_cost(network, l);
        json_t *layer =
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:b}", "inputs",
                      (json_int_t)espalier_network_inputs(network, l), "outputs",
                      (json_int_t)espalier_network_outputs(network, l), "live",
                      (json_int_t)cost.live, "weights", (json_int_t)cost.weights, "nonzero",
                      (json_int_t)cost.nonzero, "sparsity", json_number(layer_sparsity(&cost)),
                      "counted", (int)counted(network, l));
        activation_put(layer, network, l);
        json_array_append_new(layers, layer);
    }
    return layers;
}

/* As the file has it. */
static json_t *scaling_json(const model_info *m)
{
    const float *shift = NULL, *scale = NULL;
    size_t pairs = m->unscaled ? 0 : espalier_network_scaling(m->network, &shift, &scale);
    json_t *shifts = json_array(), *scales = json_array();
    for (size_t i = 0; i < pairs; i++) {
        json_array_append_new(shifts, json_number((double)shift[i]));
        json_array_append_new(scales, json_number((double)scale[i]));
    }
    return json_pack("{s:o, s:o}", "shift", shifts, "scale", scales);
}

static json_t *model_json(const model_info *m)
{
    const espalier_network *n = m->network;
    espalier_cost cost = espalier_network_cost(n);
    json_t *classes = json_array(), *training = metadata(n, "training");
    json_t *history = metadata(n, "history"), *json = json_object();
    for (size_t c = 0; c < espalier_network_class_count(n); c++)
        json_array_append_new(classes, json_string(espalier_network_class_name(n, c)));
    json_object_set_new(json, "label", resume_text_json(m->label));
    json_object_set_new(json, "file", resume_text_json(m->path));
    json_object_set_new(json, "bytes", json_integer((json_int_t)file_bytes(m->path)));
    json_object_set_new(json, "inputs", json_integer((json_int_t)espalier_network_row_width(n)));
    json_object_set_new(json, "classes", classes);
    json_object_set_new(json, "scaling", scaling_json(m));
    if (espalier_network_metadata(n, "imported"))
        json_object_set_new(json, "imported",
                            json_string(espalier_network_metadata(n, "imported")));
    json_object_set_new(json, "weights", json_integer((json_int_t)cost.weights));
    json_object_set_new(json, "nonzero", json_integer((json_int_t)cost.nonzero));
    json_object_set_new(json, "flops", json_integer((json_int_t)cost.flops));
    json_object_set_new(json, "sparsity",
                        json_pack("{s:o, s:o}", "all", json_number(espalier_network_sparsity(n)),
                                  "prunable", json_number(espalier_network_sparsity_prunable(n))));
    json_object_set_new(json, "inputs_counted",
                        json_integer((json_int_t)espalier_network_inputs_counted(n)));
    json_object_set_new(json, "layers", layers_json(n));
    json_object_set_new(json, "training", training ? training : json_null());
    json_object_set_new(json, "history", history ? history : json_array());
    json_object_set_new(json, "test_accuracy",
                        m->measured ? json_number(m->accuracy) : json_null());
    json_object_set_new(json, "nanoseconds_per_prediction",
                        m->measured ? json_number(m->nanoseconds) : json_null());
    return json;
}

int info_print_json(const model_info *models, size_t count)
{
    if (count == 1) {
        json_t *one = model_json(models);
        int code = print_json(one);
        json_decref(one);
        return code;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, model_json(&models[i]));
    json_t *json = json_pack("{s:o}", "models", list);
    int code = print_json(json);
    json_decref(json);
    return code;
}
