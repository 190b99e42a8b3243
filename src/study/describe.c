/* study.json: version, machine, data, everything that decides the outcome of runs, and their
 * names. Where it is kept and compared is folder.c's business. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/memory.h"
#include "base/processors.h"
#include "espalier/math.h"
#include "format/json_text.h"
#include "base/utf8.h"
#include "report/value.h"
#include "study/study.h"

static json_t *numbers_of_sizes(const size_t *sizes, size_t count)
{
    json_t *array = json_array();
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = value_append(array, value_count(sizes[i]));
    return value_complete(array, ok);
}

static bool put_training(json_t *to, const espalier_train_options *t)
{
    const char *math = t->math ? t->math : espalier_math_name(0);
    bool ok = value_put(to, "epochs", value_count(t->epochs));
    ok = value_put(to, "batch", value_count(t->batch_rows)) && ok;
    ok = value_put(to, "lr", value_number(t->learning_rate)) && ok;
    ok = value_put(to, "optimizer", value_text(espalier_optimizer_name(t->optimizer))) && ok;
    ok = value_put(to, "momentum", value_number(t->momentum)) && ok;
    ok = value_put(to, "beta1", value_number(t->beta1)) && ok;
    ok = value_put(to, "beta2", value_number(t->beta2)) && ok;
    ok = value_put(to, "epsilon", value_number(t->epsilon)) && ok;
    ok = value_put(to, "weight-decay", value_number(t->weight_decay)) && ok;
    ok = value_put(to, "lr-schedule", value_text(espalier_lr_schedule_name(t->lr_schedule))) && ok;
    ok = value_put(to, "lr-step", value_count(t->lr_step)) && ok;
    ok = value_put(to, "lr-gamma", value_number(t->lr_gamma)) && ok;
    ok = value_put(to, "warmup", value_count(t->warmup_epochs)) && ok;
    ok = value_put(to, "early-stop", value_text(espalier_early_stop_name(t->early_stop))) && ok;
    ok = value_put(to, "final-accuracy", value_number(t->final_accuracy)) && ok;
    ok = value_put(to, "strike-factor", value_number(t->strike_factor)) && ok;
    ok = value_put(to, "strikes", value_count(t->strikes)) && ok;
    ok = value_put(to, "keep", value_text(espalier_keep_name(t->keep))) && ok;
    return value_put(to, "math", value_text(math)) && ok;
}

/* How weights are drawn; and the activation, where it is not ReLU: studies from before there
 * were others can be taken up again. */
static bool put_network(json_t *to, const espalier_study_options *o)
{
    bool ok = value_put(to, "init", value_text(espalier_initialiser_name(o->initialiser)));
    if (o->activation != ESPALIER_RELU)
        ok = value_put(to, "activation", value_text(espalier_activation_name(o->activation))) && ok;
    if (o->activation == ESPALIER_LEAKY_RELU)
        ok = value_put(to, "leaky-slope", value_number(o->leaky_slope)) && ok;
    return ok;
}

json_t *study_recipe(const study *s, const espalier_train_options *training)
{
    json_t *object = json_object();
    bool ok = put_network(object, s->options);
    return value_complete(object, put_training(object, training) && ok);
}

static bool put_pruning(json_t *to, const espalier_prune_options *p)
{
    bool ok = value_put(to, "of", value_text(espalier_denominator_name(p->of)));
    ok = value_put(to, "share-ratio", value_number(p->share_ratio)) && ok;
    ok = value_put(to, "trigger", value_text(espalier_trigger_name(p->trigger))) && ok;
    ok = value_put(to, "start-accuracy", value_number(p->start_accuracy)) && ok;
    ok = value_put(to, "trigger-accuracy", value_number(p->final_accuracy)) && ok;
    ok = value_put(to, "every", p->every ? value_count(p->every) : value_text("auto")) && ok;
    ok = value_put(to, "patience", value_count(p->patience)) && ok;
    ok = value_put(to, "cubic-epochs", value_count(p->cubic_epochs)) && ok;
    ok = value_put(to, "cubic-interval", value_count(p->cubic_interval)) && ok;
    ok = value_put(to, "count-window", value_text(espalier_count_window_name(p->window))) && ok;
    ok = value_put(to, "sample", value_count(p->sample_rows)) && ok;
    ok = value_put(to, "amounts", value_text(espalier_amounts_name(p->amounts))) && ok;
    ok = value_put(to, "dead", value_text(espalier_dead_name(p->dead))) && ok;
    return value_put(to, "min-neurons", value_count(p->min_neurons)) && ok;
}

static json_t *options_value(const espalier_study_options *o)
{
    json_t *object = json_object();
    bool ok = value_put(object, "hidden", numbers_of_sizes(o->hidden, o->hidden_count));
    ok = put_network(object, o) && ok;
    ok = put_training(object, &o->train) && ok;
    ok = put_pruning(object, &o->prune) && ok;
    ok = value_put(object, "nuclear-start", value_number(o->regulariser.start_accuracy)) && ok;
    ok = value_put(object, "nuclear-every", value_count(o->regulariser.every)) && ok;
    ok = value_put(object, "nuclear-interval", value_count(o->regulariser.interval)) && ok;
    ok = value_put(object, "retrain-epochs",
                   o->retrain_epochs ? value_count(o->retrain_epochs) : value_text("auto")) && ok;
    ok = value_put(object, "spectra", json_boolean(o->spectra)) && ok;
    return value_complete(object, ok);
}

/* As FNV-1a, by 32-bit words, over every row and label of every split: data that were
 * exchanged under the same name give another number. NULL: no memory. */
static json_t *fingerprint(const study *s)
{
    const size_t inputs = espalier_dataset_input_count(s->dataset);
    float *row = memory_array(s->allocator, inputs, sizeof *row);
    uint64_t hash = 0xcbf29ce484222325u;
    char text[17];
    for (int split = 0; row && split < ESPALIER_SPLIT_COUNT; split++) {
        const size_t rows = espalier_dataset_row_count(s->dataset, (espalier_split)split);
        for (size_t r = 0; r < rows; r++) {
            espalier_dataset_rows(s->dataset, (espalier_split)split, r, 1, row);
            for (size_t i = 0; i <= inputs; i++) {
                uint32_t word = espalier_dataset_label(s->dataset, (espalier_split)split, r);
                if (i < inputs)
                    memcpy(&word, &row[i], sizeof word);
                hash = (hash ^ word) * 0x100000001b3u;
            }
        }
    }
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    json_t *value = row ? value_text(text) : NULL;
    memory_release(s->allocator, row);
    return value;
}

static json_t *data_value(const study *s)
{
    json_t *object = json_object(), *classes = json_array();
    size_t height, width;
    bool image = espalier_dataset_image_shape(s->dataset, &height, &width), ok = true;
    for (size_t i = 0; ok && i < espalier_dataset_class_count(s->dataset); i++) {
        const char *name = espalier_dataset_class_name(s->dataset, i);
        char number[24];
        snprintf(number, sizeof number, "%zu", i);
        ok = value_append(classes, value_text(name ? name : number));
    }
    ok = value_put(object, "source", s->data ? json_copy_of(s->data, 17) : json_null()) && ok;
    ok = value_put(object, "inputs", value_count(espalier_dataset_input_count(s->dataset))) && ok;
    for (int split = 0; ok && split < ESPALIER_SPLIT_COUNT; split++) {
        static const char *const keys[] = {"training_rows", "validation_rows", "test_rows"};
        ok = value_put(object, keys[split], value_count(espalier_dataset_row_count(
                                                s->dataset, (espalier_split)split)));
    }
    ok = value_put(object, "image", image ? json_pack("[I,I]", (json_int_t)height,
                                                      (json_int_t)width)
                                          : json_null()) && ok;
    ok = value_put(object, "classes", classes) && ok;
    ok = value_put(object, "fingerprint", fingerprint(s)) && ok;
    return value_complete(object, ok);
}

/* The first "model name" that the system tells, or null. NULL: no memory. */
static json_t *processor_name(void)
{
    char line[256];
    const char *name = NULL;
    errno = 0;
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file && errno == ENOMEM)
        return NULL;
    while (!name && file && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        line[strcspn(line, "\n")] = '\0';
        if (colon && strncmp(line, "model name", 10) == 0)
            name = colon + 1 + strspn(colon + 1, " ");
    }
    if (file)
        fclose(file);
    return value_text(name && utf8_is_valid(name) ? name : NULL);
}

static json_t *machine_value(void)
{
    struct utsname system;
    const bool known = uname(&system) >= 0;
    json_t *object = json_object();
    bool ok = value_put(object, "processor", processor_name());
    ok = value_put(object, "processors", value_count(processors_available())) && ok;
    ok = value_put(object, "architecture", value_text(known ? system.machine : NULL)) && ok;
    ok = value_put(object, "system", value_text(known ? system.sysname : NULL)) && ok;
    return value_complete(object, ok);
}

json_t *study_describe(const study *s)
{
    json_t *object = json_object(), *runs = json_array();
    bool ok = true;
    for (size_t i = 0; ok && i < s->job_count; i++)
        ok = value_append(runs, value_text(s->jobs[i].name));
    ok = value_put(object, "version", value_text(espalier_version())) && ok;
    ok = value_put(object, "machine", machine_value()) && ok;
    ok = value_put(object, "options", options_value(s->options)) && ok;
    ok = value_put(object, "data", data_value(s)) && ok;
    ok = value_put(object, "runs", runs) && ok;
    return value_complete(object, ok);
}
