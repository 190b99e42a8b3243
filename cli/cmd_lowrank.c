/* espalier lowrank: brings hidden layers down to a rank, chosen or that of another
 * network, and says what that costs. */
#include <stdio.h>
#include <stdlib.h>

#include "evaluation.h"
#include "inputs.h"
#include "output.h"
#include "scaling.h"
#include "shell.h"
#include "table.h"

typedef struct lowrank_settings {
    data_settings data;
    const char *output, *like;
    width_list ranks;
    espalier_low_rank method;
    size_t threads;
    bool factors, json, quiet;
} lowrank_settings;

/* Everything that is told about the work. Networks are owned. */
typedef struct lowrank {
    const option_set *set;
    const lowrank_settings *settings;
    espalier_network *before, *low, *made; /* made: what is written; low itself or its factors */
    espalier_dataset *dataset;             /* or NULL */
    size_t ranks[WIDTHS_MOST];             /* asked for */
    double accuracy[2];                    /* of the test rows, before and after */
} lowrank;

static const char *method_at(size_t index)
{
    return espalier_low_rank_name((espalier_low_rank)index);
}

/* ---- the ranks ------------------------------------------------------------------- */

static int rank_of(const espalier_network *network, size_t layer, size_t *rank)
{
    espalier_spectrum spectrum;
    espalier_error error = {0};
    if (espalier_network_spectrum(network, layer, NULL, &spectrum, &error))
        return fail(&error);
    *rank = spectrum.rank;
    espalier_spectrum_clear(&spectrum, NULL);
    return EXIT_NONE;
}

static int ranks_like(lowrank *w, const char *model, size_t hidden)
{
    espalier_network *network = NULL;
    int code = read_model(model, &network);
    if (code == EXIT_NONE && espalier_network_layer_count(network) != hidden + 1) {
        message("%s: expected %zu layers as in %s, found %zu", model, hidden + 1,
                w->set->files[0], espalier_network_layer_count(network));
        code = EXIT_FAILED;
    }
    for (size_t l = 0; l < hidden && code == EXIT_NONE; l++) {
        code = rank_of(network, l, &w->ranks[l]);
        if (code == EXIT_NONE && w->ranks[l] == 0) {
            message("%s: layer %zu has rank 0; rank 1 is taken", model, l);
            w->ranks[l] = 1;
        }
    }
    espalier_network_destroy(network);
    return code;
}

static int find_ranks(lowrank *w)
{
    const lowrank_settings *s = w->settings;
    const size_t hidden = espalier_network_layer_count(w->before) - 1;
    if (hidden > WIDTHS_MOST) {
        message("%s: expected at most %d hidden layers, found %zu", w->set->files[0], WIDTHS_MOST,
                hidden);
        return EXIT_FAILED;
    }
    if (s->like)
        return ranks_like(w, s->like, hidden);
    if (s->ranks.count != hidden)
        return usage_error(w->set->command, "--rank: expected %zu ranks, one for each hidden layer "
                                            "of %s, found %zu", hidden, w->set->files[0],
                           s->ranks.count);
    for (size_t l = 0; l < hidden; l++)
        w->ranks[l] = s->ranks.widths[l];
    return EXIT_NONE;
}

/* ---- the work --------------------------------------------------------------------- */

/* What was done travels with the network. */
static int note(const lowrank *w)
{
    const lowrank_settings *s = w->settings;
    json_t *ranks = json_array();
    for (size_t l = 0; l + 1 < espalier_network_layer_count(w->before); l++)
        json_array_append_new(ranks, json_integer((json_int_t)w->ranks[l]));
    json_t *json = json_pack("{s:s, s:o, s:b}", "method", espalier_low_rank_name(s->method),
                             "ranks", ranks, "factors", (int)s->factors);
    char *text = json_text(json);
    espalier_status status = text ? espalier_network_set_metadata(w->made, "low_rank", text)
                                  : ESPALIER_ERROR_MEMORY;
    free(text);
    json_decref(json);
    if (status == ESPALIER_OK)
        return EXIT_NONE;
    message("out of memory");
    return EXIT_FAILED;
}

static int make(lowrank *w)
{
    const lowrank_settings *s = w->settings;
    espalier_error error = {0};
    if (espalier_network_low_rank(w->before, w->ranks, s->method, NULL, &w->low, &error))
        return fail(&error);
    if (!s->factors)
        w->made = w->low;
    else if (espalier_network_factor(w->before, w->ranks, s->method, NULL, &w->made, &error))
        return fail(&error);
    return note(w);
}

static int evaluate(lowrank *w)
{
    const espalier_network *const networks[] = {w->before, w->made};
    for (size_t i = 0; i < 2 && w->dataset; i++) {
        espalier_evaluation evaluation = {0};
        espalier_error error = {0};
        if (espalier_evaluate(networks[i], w->dataset, ESPALIER_TEST, 0, w->settings->threads,
                              &evaluation, &error))
            return fail(&error);
        const int code = check_finite(&evaluation, w->set->files[1]);
        w->accuracy[i] = evaluation.accuracy;
        espalier_evaluation_clear(&evaluation);
        if (code != EXIT_NONE)
            return code;
    }
    return EXIT_NONE;
}

/* ---- telling ---------------------------------------------------------------------- */

/* What became of a hidden layer. */
typedef struct layer_story {
    size_t inputs, outputs, rank_before, rank_after;
    uint64_t weights_before, weights_after; /* kept ones */
    const char *stored;
    double change;
} layer_story;

/* *place: the layer's in w->made, moved on to the next one's. */
static int tell(const lowrank *w, size_t l, size_t *place, layer_story *story)
{
    const size_t inputs = espalier_network_inputs(w->before, l);
    const size_t outputs = espalier_network_outputs(w->before, l);
    const bool split = espalier_network_outputs(w->made, *place) != outputs;
    const double change = espalier_network_weight_change(w->before, w->low, l);
    const bool same = change == 0.0 && espalier_network_pruned_count(w->before, l) ==
                                           espalier_network_pruned_count(w->low, l);
    *story = (layer_story){
        .inputs = inputs,
        .outputs = outputs,
        .weights_before = espalier_network_layer_cost(w->before, l).nonzero,
        .weights_after = espalier_network_layer_cost(w->made, *place).nonzero,
        .stored = split ? "factors" : same ? "unchanged" : "matrix",
        .change = change,
    };
    if (split)
        story->weights_after += espalier_network_layer_cost(w->made, ++*place).nonzero;
    ++*place;
    int code = rank_of(w->before, l, &story->rank_before);
    return code == EXIT_NONE ? rank_of(w->low, l, &story->rank_after) : code;
}

static void print_heads(table *t)
{
    static const char *const heads[] = {"layer", "size",    "rank",       "asked", "after",
                                        "stored", "weights", "weights now", "change"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        table_cell(t, "%s", heads[i]);
}

static void print_story(table *t, const lowrank *w, size_t l, const layer_story *story)
{
    char old[DIGITS_BYTES], new[DIGITS_BYTES];
    table_cell(t, "%zu", l);
    table_cell(t, "%zu x %zu", story->outputs, story->inputs);
    table_cell(t, "%zu", story->rank_before);
    table_cell(t, "%zu", w->ranks[l]);
    table_cell(t, "%zu", story->rank_after);
    table_cell(t, "%s", story->stored);
    table_cell(t, "%s", digits(old, story->weights_before));
    table_cell(t, "%s", digits(new, story->weights_after));
    table_cell(t, "%.2f %%", 100 * story->change);
}

/* How to go on: the recipe is in the file, so a second command retrains by it. */
static void print_end(const lowrank *w)
{
    const lowrank_settings *s = w->settings;
    const uint64_t before = espalier_network_cost(w->before).nonzero;
    const uint64_t after = espalier_network_cost(w->made).nonzero;
    char old[DIGITS_BYTES], new[DIGITS_BYTES];
    printf("\nweights  %s -> %s\n", digits(old, before), digits(new, after));
    printf("bytes    %s -> %s\n", digits(old, file_bytes(w->set->files[0])),
           digits(new, file_bytes(s->output)));
    if (w->dataset)
        printf("test     %.2f %% -> %.2f %%\n", 100 * w->accuracy[0], 100 * w->accuracy[1]);
    const char *const retrain[] = {"espalier", "train", w->set->file_count > 1 ? w->set->files[1] : "DATA",
                                   "--from", s->output, "-o", "MODEL"};
    char words[3 * 4096];
    shell_words(retrain, sizeof retrain / sizeof *retrain, words, sizeof words);
    printf("retrain  ");
    print_plain(words);
    putchar('\n');
}

static json_t *story_json(const lowrank *w, size_t l, const layer_story *story)
{
    return json_pack("{s:I, s:I, s:I, s:{s:I, s:I, s:I}, s:s, s:{s:I, s:I}, s:o}", "layer",
                     (json_int_t)l, "inputs", (json_int_t)story->inputs, "outputs",
                     (json_int_t)story->outputs, "rank", "before", (json_int_t)story->rank_before,
                     "asked", (json_int_t)w->ranks[l], "after", (json_int_t)story->rank_after,
                     "stored", story->stored, "weights", "before",
                     (json_int_t)story->weights_before, "after", (json_int_t)story->weights_after,
                     "change", json_number(story->change));
}

static json_t *result_json(const lowrank *w, json_t *layers)
{
    const lowrank_settings *s = w->settings;
    json_t *accuracy = w->dataset
                           ? json_pack("{s:o, s:o}", "before", json_number(w->accuracy[0]), "after",
                                       json_number(w->accuracy[1]))
                           : json_null();
    return json_pack("{s:s, s:b, s:O, s:{s:I, s:I}, s:{s:I, s:I}, s:o}", "method",
                     espalier_low_rank_name(s->method), "factors", (int)s->factors, "layers",
                     layers, "weights", "before",
                     (json_int_t)espalier_network_cost(w->before).nonzero, "after",
                     (json_int_t)espalier_network_cost(w->made).nonzero, "bytes", "before",
                     (json_int_t)file_bytes(w->set->files[0]), "after",
                     (json_int_t)file_bytes(s->output), "test_accuracy", accuracy);
}

static int report(const lowrank *w)
{
    const size_t hidden = espalier_network_layer_count(w->before) - 1;
    const lowrank_settings *s = w->settings;
    json_t *layers = json_array();
    table *t = table_create(9);
    int code = EXIT_NONE;
    print_heads(t);
    for (size_t l = 0, place = 0; l < hidden && code == EXIT_NONE; l++) {
        layer_story story;
        code = tell(w, l, &place, &story);
        if (code == EXIT_NONE) {
            print_story(t, w, l, &story);
            json_array_append_new(layers, story_json(w, l, &story));
        }
    }
    if (code == EXIT_NONE && s->json) {
        json_t *json = result_json(w, layers);
        code = print_json(json);
        json_decref(json);
    } else if (code == EXIT_NONE) {
        table_print(t, 0);
        print_end(w);
    }
    table_destroy(t);
    json_decref(layers);
    return code;
}

/* ---- the command ------------------------------------------------------------------- */

static int check(const option_set *set, lowrank_settings *s)
{
    int code = output_is_model(set->command, s->output);
    if (code == EXIT_NONE)
        code = data_check(set, set->file_count > 1 ? set->files[1] : NULL, "DATA");
    if (code == EXIT_NONE && option_given(set, "rank") == (s->like != NULL))
        code = usage_error(set->command, "expected either --like PRUNED or --rank RANKS, found %s",
                           s->like ? "both" : "neither");
    if (code == EXIT_NONE && !s->like)
        s->like = s->ranks.like; /* --rank like:PRUNED */
    if (code == EXIT_NONE)
        code = output_differs(set->command, s->output, set->files[0]);
    if (code == EXIT_NONE && s->like)
        code = output_differs(set->command, s->output, s->like);
    if (code == EXIT_NONE && set->file_count > 1)
        code = output_differs_from_data(set->command, s->output, set->files[1], &s->data);
    return code == EXIT_NONE ? output_writable(s->output) : code;
}

static int open_data(lowrank *w)
{
    const char *const *files = w->set->files;
    if (w->set->file_count < 2)
        return EXIT_NONE;
    int code = open_rows(w->set, w->settings->data, files[0], w->before, files[1], &w->dataset);
    return code == EXIT_NONE
               ? check_split(w->set, &w->settings->data, w->dataset, files[1], ESPALIER_TEST)
               : code;
}

static int lower(const option_set *set, const lowrank_settings *s)
{
    lowrank w = {.set = set, .settings = s};
    espalier_error error = {0};
    int code = read_model(set->files[0], &w.before);
    if (code == EXIT_NONE)
        code = find_ranks(&w);
    if (code == EXIT_NONE)
        code = open_data(&w);
    if (code == EXIT_NONE)
        code = make(&w);
    if (code == EXIT_NONE)
        code = evaluate(&w);
    if (code == EXIT_NONE && espalier_network_write(w.made, s->output, &error))
        code = fail(&error);
    if (code == EXIT_NONE && (s->json || !s->quiet))
        code = report(&w);
    if (w.made != w.low)
        espalier_network_destroy(w.made);
    espalier_network_destroy(w.low);
    espalier_network_destroy(w.before);
    espalier_dataset_destroy(w.dataset);
    return code == EXIT_NONE ? finish_stdout(EXIT_DONE) : code;
}

int cmd_lowrank(int argc, char **argv)
{
    lowrank_settings s = {.data = data_settings_defaults(), .threads = threads_default()};
    option_set set = {
        .command = argv[0],
        .arguments = "MODEL [DATA] (--like PRUNED | --rank RANKS) -o MODEL",
        .summary = "Brings the hidden layers down to a rank: a rival for pruning. With DATA the "
                   "test accuracy before and after is told. The recipe of MODEL's training stays "
                   "in the file, so 'espalier train DATA --from FILE' retrains by it; that makes "
                   "a matrix of full rank again, while two factors keep their rank.",
        .least = 1,
        .most = 2,
    };
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Low rank"},
        {.name = "like", .kind = OPTION_TEXT, .value = &s.like, .argument = "PRUNED",
         .help = "take the ranks of this network's hidden layers"},
        {.name = "rank", .kind = OPTION_WIDTHS, .value = &s.ranks, .argument = "RANKS",
         .shown = "", .help = "one for each hidden layer, such as 40,30,20,10; like:PRUNED = --like PRUNED"},
        {.name = "method", .kind = OPTION_CHOICE, .value = &s.method, .argument = "NAME",
         .names = method_at,
         .help = "pca: components of the centred weights, the mean added back; svd: the largest "
                 "singular values"},
        {.name = "factors", .kind = OPTION_FLAG, .value = &s.factors,
         .help = "write a layer as two thin factors where that is smaller"},
        {.name = "output", .letter = 'o', .kind = OPTION_TEXT, .value = &s.output,
         .argument = "FILE", .help = "write the network here (required)"},
        {.name = "threads", .kind = OPTION_COUNT, .value = &s.threads, .argument = "N", .low = 0,
         .high = THREADS_MOST, .shown = "all", .help = "results do not depend on it"},
        {.name = "json", .kind = OPTION_FLAG, .value = &s.json, .help = "print one JSON object"},
        {.name = "quiet", .kind = OPTION_FLAG, .value = &s.quiet, .help = "print nothing"},
    };
    options_add(&set, rows, sizeof rows / sizeof *rows);
    data_add_options(&set, &s.data, DATA_FOLDERS);
    scaling_add_option(&set, &s.data);
    int code = options_parse(&set, argc, argv);
    if (code == EXIT_NONE)
        code = check(&set, &s);
    if (code == EXIT_NONE)
        code = lower(&set, &s);
    options_clear(&set);
    return code;
}
