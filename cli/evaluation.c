/* An evaluation as JSON. */
#include "evaluation.h"

#include <math.h>

static json_t *confusion_json(const espalier_evaluation *e)
{
    json_t *confusion = e->confusion ? json_array() : json_null();
    for (size_t r = 0; e->confusion && r < e->class_count; r++) {
        json_t *row = json_array();
        for (size_t c = 0; c < e->class_count; c++)
            json_array_append_new(
                row, json_integer((json_int_t)e->confusion[r * e->class_count + c]));
        json_array_append_new(confusion, row);
    }
    return confusion;
}

json_t *evaluation_json(const espalier_evaluation *e)
{
    return json_pack("{s:I, s:o, s:{s:I, s:o}, s:o, s:o}", "rows", (json_int_t)e->rows, "accuracy",
                     json_number(e->accuracy), "top_k", "k", (json_int_t)e->k, "accuracy",
                     json_number(e->top_k_accuracy), "loss", json_number(e->loss), "confusion",
                     confusion_json(e));
}

int check_finite(const espalier_evaluation *evaluation, const char *source)
{
    if (isfinite(evaluation->loss))
        return EXIT_NONE;
    message("%s: expected a finite loss, found %g: some row's values, or the network's weights, "
            "are too large to compute with", source, fabs(evaluation->loss));
    return EXIT_FAILED;
}
