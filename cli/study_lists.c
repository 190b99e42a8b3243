/* The lists of a study's options: items between commas, read into the library's types. */
#include <stdio.h>
#include <string.h>

#include "study_settings.h"

/* Reads one item into list[index]; false if it is none. */
typedef bool read_item(const char *text, void *list, size_t index);

static bool read_sparsity(const char *text, void *list, size_t index)
{
    const size_t length = strlen(text);
    char ratio[64];
    double value;
    if (length > 1 && text[length - 1] == 'x') { /* a compression ratio */
        snprintf(ratio, sizeof ratio, "%.*s", (int)length - 1, text);
        if (!parse_real(ratio, &value) || !(value > 1))
            return false;
        value = 1 - 1 / value;
    } else if (!parse_fraction(text, &value)) {
        return false;
    }
    ((double *)list)[index] = value;
    return value > 0 && value < 1;
}

static bool read_positive(const char *text, void *list, size_t index)
{
    return parse_real(text, &((double *)list)[index]) && ((double *)list)[index] > 0;
}

static bool read_steps(const char *text, void *list, size_t index)
{
    uint64_t value;
    if (!parse_count(text, &value) || value < 1 || value > 1000000)
        return false;
    ((size_t *)list)[index] = (size_t)value;
    return true;
}

static bool read_criterion(const char *text, void *list, size_t index)
{
    const size_t found = name_index(espalier_criterion_name, text);
    if (found == SIZE_MAX)
        return false;
    ((const char **)list)[index] = espalier_criterion_name(found);
    return true;
}

static bool read_scope(const char *text, void *list, size_t index)
{
    for (int i = 0; i < ESPALIER_SCOPE_COUNT; i++) {
        ((espalier_scope *)list)[index] = (espalier_scope)i;
        if (strcmp(espalier_scope_name((espalier_scope)i), text) == 0)
            return true;
    }
    return false;
}

static bool read_count_mode(const char *text, void *list, size_t index)
{
    for (int i = 0; i < ESPALIER_COUNT_NONE; i++) {
        ((espalier_count_mode *)list)[index] = (espalier_count_mode)i;
        if (strcmp(espalier_count_mode_name((espalier_count_mode)i), text) == 0)
            return true;
    }
    return false;
}

/* "none" is an empty list. */
static int read_list(const option_set *set, const char *name, const char *text, read_item *read,
                     const char *expected, void *list, size_t *count)
{
    *count = 0;
    if (!text || strcmp(text, "none") == 0)
        return EXIT_NONE;
    for (const char *at = text;; at++) {
        char item[64];
        const size_t length = strcspn(at, ",");
        snprintf(item, sizeof item, "%.*s", (int)(length < 63 ? length : 63), at);
        if (*count == LIST_MOST || !read(item, list, *count))
            return usage_error(set->command, "--%s: expected %s, found '%s'", name, expected,
                               item);
        ++*count;
        at += length;
        if (!*at)
            return EXIT_NONE;
    }
}

/* The names of --controls: dense, the criteria that need none, then the methods. */
static const char *control_at(size_t index)
{
    static const char *const first[] = {"dense", "magnitude", "random"};
    const size_t methods = ESPALIER_STUDY_FACTORS - ESPALIER_STUDY_REWIND + 1;
    if (index < 3)
        return first[index];
    return index - 3 < methods ? espalier_study_method_name((espalier_study_method)(
                                     ESPALIER_STUDY_REWIND + index - 3))
                               : NULL;
}

static bool read_control(const char *text, void *list, size_t index)
{
    ((size_t *)list)[index] = name_index(control_at, text);
    return ((size_t *)list)[index] != SIZE_MAX;
}

static bool has_criterion(const espalier_study_options *o, const char *name)
{
    for (size_t i = 0; i < o->criterion_count; i++) {
        if (strcmp(o->criteria[i], name) == 0)
            return true;
    }
    return false;
}

/* What was named as a criterion gets controls, chance excepted; what was named as a control
 * is one itself. */
static int read_controls(study_settings *s, const option_set *set)
{
    espalier_study_options *o = &s->options;
    size_t found[LIST_MOST], count;
    for (size_t i = 0; i < o->criterion_count; i++) {
        if (strcmp(o->criteria[i], "random") != 0)
            s->controlled_list[o->controlled_count++] = o->criteria[i];
    }
    int code = read_list(set, "controls", s->controls, read_control,
                         "some of dense, magnitude, random, rewind, reinit, shuffle, scratch, "
                         "pca, svd, factors, or none", found, &count);
    for (size_t i = 0; code == EXIT_NONE && i < count; i++) {
        if (found[i] >= 3)
            s->control_list[o->control_count++] =
                (espalier_study_method)(ESPALIER_STUDY_REWIND + found[i] - 3);
        else if (found[i] > 0 && o->criterion_count > 0 && o->criterion_count < LIST_MOST &&
                 !has_criterion(o, control_at(found[i])))
            s->criterion_list[o->criterion_count++] = control_at(found[i]);
    }
    return code;
}

int study_read_lists(study_settings *s, const option_set *set)
{
    static const char fractions[] = "sparsities such as 90%, 0.9 or 10x";
    espalier_study_options *o = &s->options;
    o->controlled_count = o->control_count = 0;
    o->criteria = s->criterion_list;
    o->sparsities = s->sparsity_list;
    o->scopes = s->scope_list;
    o->steps = s->step_list;
    o->counts = s->count_list;
    o->controls = s->control_list;
    o->controlled = s->controlled_list;
    o->control_sparsities = s->control_sparsity_list;
    o->nuclear = s->nuclear_list;
    o->nuclear_weighted = s->nuclear_weighted_list;
    const struct {
        const char *name, *text, *expected;
        read_item *read;
        void *list;
        size_t *count;
    } lists[] = {
        {"criteria", s->criteria, "criteria (see --help) or none", read_criterion,
         s->criterion_list, &o->criterion_count},
        {"sparsities", s->sparsities, fractions, read_sparsity, s->sparsity_list,
         &o->sparsity_count},
        {"scopes", s->scopes, "some of global, layer, one-by-one", read_scope, s->scope_list,
         &o->scope_count},
        {"steps", s->steps, "whole numbers from 1 to 1000000", read_steps, s->step_list,
         &o->step_count},
        {"counts", s->counts, "some of training, sample, sample-sum, sample-zeros",
         read_count_mode, s->count_list, &o->count_count},
        {"control-sparsities", s->control_sparsities, fractions, read_sparsity,
         s->control_sparsity_list, &o->control_sparsity_count},
        {"nuclear", s->nuclear, "numbers above 0 or none", read_positive, s->nuclear_list,
         &o->nuclear_count},
        {"nuclear-weighted", s->nuclear_weighted, "numbers above 0 or none", read_positive,
         s->nuclear_weighted_list, &o->nuclear_weighted_count},
    };
    int code = EXIT_NONE;
    for (size_t i = 0; code == EXIT_NONE && i < sizeof lists / sizeof *lists; i++)
        code = read_list(set, lists[i].name, lists[i].text, lists[i].read, lists[i].expected,
                         lists[i].list, lists[i].count);
    return code == EXIT_NONE ? read_controls(s, set) : code;
}
