/* The bar of a run on a terminal: epoch, training accuracy, sparsity, live
 * neurons, time left. Pruning steps and notes become lines above it. Where
 * stderr is no terminal nothing is printed but warnings. */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common.h"
#include "table.h"

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void progress_init(progress *p, bool quiet)
{
    *p = (progress){.shown = !quiet && shows_progress(), .accuracy = NAN};
}

void progress_clear(const progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
}

static size_t terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* The bar takes the room that the text leaves on the line, or none. */
static void draw(progress *p)
{
    enum { BAR_MOST = 30, BAR_LEAST = 4 };
    static const char filled[] = "==============================";
    char line[1024], left[TIME_BYTES];
    size_t at = 0, columns = terminal_columns() - 1;
    double share = p->epochs ? p->done / (double)p->epochs : 0;
    p->drawn = now();
    /* Every part keeps its width, so that the bar keeps its own. */
    at += (size_t)snprintf(line, sizeof line, "%*zu/%zu  accuracy ", p->digits, p->epoch, p->epochs);
    if (isnan(p->accuracy))
        at += (size_t)snprintf(line + at, sizeof line - at, "   -  ");
    else
        at += (size_t)snprintf(line + at, sizeof line - at, "%4.1f %%", 100 * p->accuracy);
    size_t fits = at; /* so much goes on the line: whole parts */
    at += (size_t)snprintf(line + at, sizeof line - at, "  sparsity %4.1f %%", 100 * p->sparsity);
    fits = at <= columns ? at : fits;
    at += (size_t)snprintf(line + at, sizeof line - at, "  %-*s", p->widest, p->neurons);
    fits = at <= columns ? at : fits;
    if (p->done > p->first) {
        double rest = (p->drawn - p->began) * ((double)p->epochs - p->done) / (p->done - p->first);
        at += (size_t)snprintf(line + at, sizeof line - at, "  %6s left", clock_time(left, rest));
    }
    fits = at <= columns ? at : fits;
    fputs("\r\033[K", stderr);
    if (columns >= at + BAR_LEAST + 3) {
        size_t bar = columns - at - 3 < BAR_MOST ? columns - at - 3 : BAR_MOST;
        fprintf(stderr, "[%-*.*s] ", (int)bar, (int)((double)bar * fmin(share, 1.0)), filled);
    }
    fprintf(stderr, "%.*s", (int)(fits < columns ? fits : columns), line);
    fflush(stderr);
}

static void look(progress *p, espalier_trainer *trainer)
{
    const espalier_network *network = espalier_trainer_network(trainer);
    p->sparsity = espalier_network_sparsity(network);
    live_neurons(p->neurons, network);
}

static void step_line(const progress *p, const espalier_prune_step *step)
{
    char rank[DIGITS_BYTES], more[DIGITS_BYTES];
    progress_clear(p);
    fprintf(stderr, "epoch %zu: pruned %s weights and %s by propagation, sparsity %.2f %%, %s%s\n",
            step->epoch, digits(rank, step->removed_by_rank),
            digits(more, step->removed_by_propagation), 100 * step->sparsity_all, p->neurons,
            step->forced ? " (patience ran out)" : "");
}

static void begin(progress *p, espalier_trainer *trainer, const espalier_event *event)
{
    p->began = now();
    p->first = event->epoch ? (double)(event->epoch - 1) : 0;
    p->digits = snprintf(NULL, 0, "%zu", event->epochs);
    look(p, trainer);
    p->widest = (int)strlen(p->neurons);
}

static espalier_status notify(void *context, espalier_trainer *trainer,
                              const espalier_event *event, espalier_error *error)
{
    (void)error;
    progress *p = context;
    p->epochs = event->epochs;
    if (!p->digits) /* BEGIN, or whatever is first heard of a run that goes on */
        begin(p, trainer, event);
    switch (event->kind) {
    case ESPALIER_EVENT_BEGIN:
        break;
    case ESPALIER_EVENT_BATCH:
        if (now() - p->drawn < 0.1)
            return ESPALIER_OK;
        p->epoch = event->epoch;
        p->done = (double)(event->epoch - 1) + (double)event->batch / (double)event->batches;
        break;
    case ESPALIER_EVENT_EPOCH:
        p->epoch = event->epoch;
        p->done = (double)event->epoch;
        p->accuracy = event->result->training_accuracy;
        look(p, trainer);
        break;
    case ESPALIER_EVENT_PRUNE:
        look(p, trainer);
        step_line(p, event->step);
        break;
    case ESPALIER_EVENT_NOTE:
        progress_clear(p);
        fprintf(stderr, "%sepoch %zu: %s\n", event->warning ? "warning: " : "", event->epoch,
                event->note);
        break;
    case ESPALIER_EVENT_END:
        progress_clear(p);
        return ESPALIER_OK;
    default:
        return ESPALIER_OK;
    }
    draw(p);
    return ESPALIER_OK;
}

static espalier_status silent(void *context, espalier_trainer *trainer,
                              const espalier_event *event, espalier_error *error)
{
    (void)context, (void)trainer, (void)error;
    if (event->kind == ESPALIER_EVENT_NOTE && event->warning)
        message("warning: epoch %zu: %s", event->epoch, event->note);
    return ESPALIER_OK;
}

espalier_observer progress_observer(progress *p)
{
    return (espalier_observer){.context = p, .notify = p->shown ? notify : silent, .batches = p->shown};
}
