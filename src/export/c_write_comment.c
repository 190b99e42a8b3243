/* The comment on top: what the program is, what it costs, how good it is. */
#include "export/c_write.h"

#include <inttypes.h>
#include <string.h>

static void line(c_out *out, const char *what, const char *text)
{
    c_put(out, " * %-10s", what);
    c_put_text(out, text);
    c_put(out, ".\n");
}

static void accuracy(c_out *out, const c_figures *f)
{
    if (f->rows)
        c_put(out, " * accuracy  %.2f %% of %" PRIu64 " test rows; the network itself %.2f %%.\n",
              100.0 * f->accuracy_after, f->rows, 100.0 * f->accuracy_before);
    else
        c_put(out, " * accuracy  not measured: no test rows were given.\n");
}

static void costs(c_out *out, const c_program *p, const c_figures *f)
{
    c_put(out, " * flash     %" PRIu64 " bytes of constants and about %" PRIu64 " of code (Thumb, "
               "-Os).\n", f->constant_bytes, f->code_bytes);
    if (p->type == ESPALIER_EXPORT_FLOAT)
        c_put(out, " *           Without a unit for floats the compiler adds its functions for them.\n");
    c_put(out, " * RAM       %" PRIu64 " bytes on the stack for the values between layers, and the "
               "calls' frames;\n *           nothing static, so that several calls may run at once. "
               "The row and the scores\n *           are the caller's.\n", f->ram_bytes);
    c_put(out, " * work      %" PRIu64 " multiply-adds for a row%s.\n", f->multiply_adds,
          p->type == ESPALIER_EXPORT_FLOAT ? "" : "; no floats, no division");
}

static const char *form_name(c_form form)
{
    static const char *const names[] = {"dense", "dense, read columns only", "sparse, places",
                                        "sparse, gaps", "sparse, bits"};
    return names[form];
}

static void layers(c_out *out, const c_program *p)
{
    c_put(out, " *\n * layer     inputs   outputs   weights   form\n");
    for (size_t l = 0; l < p->layer_count; l++) {
        const c_layer *layer = &p->layers[l];
        c_put(out, " * %-7zu %8zu  %8zu  %8zu   %s, %s\n", l + 1, layer->inputs, layer->outputs,
              layer->nonzero, form_name(layer->form),
              l + 1 < p->layer_count ? espalier_activation_name(layer->activation) : "scores");
    }
}

static void calibration(c_out *out, const c_program *p)
{
    const bool tests = p->calibration == ESPALIER_TEST;
    c_put(out, " *\n * Integers: weights in units of their neuron; values between layers calibrated on "
               "%zu\n * %s rows, %s%s, chosen by %s", p->calibration_rows, tests ? "test" : "training",
          p->method, p->equalised ? ", neurons equalised" : "", p->validation_rows ? "" : "the same.\n");
    if (p->validation_rows)
        c_put(out, "%zu validation rows.\n", p->validation_rows);
    if (tests)
        c_put(out, " * There were no other rows: the accuracy above is that of rows it was fitted to.\n");
    c_put(out, " * Sums are 32 bits wide and cannot overflow: whatever the row is, every partial sum "
               "of a\n * neuron lies within\n");
    for (size_t l = 0; l < p->layer_count; l++)
        c_put(out, " *   layer %-4zu +-%" PRId64 " (%.1f %% of 2^31 - 1)\n", l + 1,
              p->layers[l].reach, 100.0 * (double)p->layers[l].reach / INT32_MAX);
    c_put(out, " * and a score, the sum times its factor, too: the factors are part of layer %zu's "
               "bound.\n", p->layer_count);
}

void c_write_comment(c_out *out, const c_program *p, const espalier_export_options *options,
                     const c_figures *f)
{
    c_put(out, "/* $: a classifier of %zu inputs and %zu classes in %s arithmetic, written by "
               "espalier %s.\n *\n", p->row_width, p->classes,
          p->type == ESPALIER_EXPORT_FLOAT  ? "float"
          : p->type == ESPALIER_EXPORT_INT8 ? "8-bit integer" : "16-bit integer",
          espalier_version());
    if (options->command)
        line(out, "command", options->command);
    accuracy(out, f);
    costs(out, p, f);
    c_put(out, " * forms     each layer in its %s one.\n", p->speed ? "faster" : "smaller");
    layers(out, p);
    if (p->type != ESPALIER_EXPORT_FLOAT)
        calibration(out, p);
    c_put(out, " *\n * No licence and no condition comes with this file: it is its owner's, to use as "
               "they like. */\n");
}
