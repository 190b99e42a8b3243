/* The team: claiming pieces without a lock, spinning briefly, then sleeping. */
#define _POSIX_C_SOURCE 200809L
#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/memory.h"
#include "base/processors.h"

/* Rounds of looking before sleeping, some tens of microseconds: longer than the
 * pause between two phases of a batch, shorter than what a sleep and a wake cost. */
enum { SPINS = 2000 };

typedef struct worker {
    parallel_team *team;
    pthread_t thread;
    size_t index;
} worker;

struct parallel_team {
    const espalier_allocator *allocator;
    size_t size; /* workers and the caller */
    worker *workers;
    parallel_task *task; /* the job; written only while no piece of it is open */
    void *context;
    /* Upper half: number of the job; lower half: pieces not yet claimed. Claiming
     * is one exchange of the whole, so a thread that comes late finds either
     * nothing or a piece of the job that it then reads. */
    _Atomic uint64_t ticket;
    _Atomic size_t finished; /* pieces of this job */
    _Atomic size_t sleeping; /* workers asleep */
    _Atomic bool waiting;    /* the caller is asleep */
    _Atomic bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static uint32_t open_pieces(parallel_team *team)
{
    return (uint32_t)atomic_load(&team->ticket);
}

/* Claims a piece; false when none is open. */
static bool claim(parallel_team *team, size_t *index)
{
    uint64_t ticket = atomic_load(&team->ticket);
    while ((uint32_t)ticket != 0) {
        if (atomic_compare_exchange_weak(&team->ticket, &ticket, ticket - 1)) {
            *index = (uint32_t)ticket - 1;
            return true;
        }
    }
    return false;
}

static void work(parallel_team *team, size_t thread)
{
    size_t index;
    while (claim(team, &index)) {
        team->task(team->context, index, thread);
        atomic_fetch_add(&team->finished, 1);
        if (atomic_load(&team->waiting)) {
            pthread_mutex_lock(&team->lock);
            pthread_cond_signal(&team->done);
            pthread_mutex_unlock(&team->lock);
        }
    }
}

static void sleep_until_work(parallel_team *team)
{
    pthread_mutex_lock(&team->lock);
    atomic_fetch_add(&team->sleeping, 1);
    while (open_pieces(team) == 0 && !atomic_load(&team->stop))
        pthread_cond_wait(&team->wake, &team->lock);
    atomic_fetch_sub(&team->sleeping, 1);
    pthread_mutex_unlock(&team->lock);
}

static void *live(void *argument)
{
    worker *self = argument;
    parallel_team *team = self->team;
    while (!atomic_load(&team->stop)) {
        size_t spins = 0;
        while (open_pieces(team) == 0 && spins < SPINS && !atomic_load(&team->stop)) {
            relax();
            spins++;
        }
        if (spins == SPINS)
            sleep_until_work(team);
        work(team, self->index);
    }
    return NULL;
}

parallel_team *parallel_team_create(size_t threads, const espalier_allocator *allocator)
{
    threads = parallel_threads(threads);
    parallel_team *team = memory_array(allocator, 1, sizeof *team);
    worker *workers = memory_array(allocator, threads, sizeof *workers);
    if (!team || !workers) {
        memory_release(allocator, workers);
        memory_release(allocator, team);
        return NULL;
    }
    team->allocator = allocator;
    team->workers = workers;
    team->size = 1;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->wake, NULL);
    pthread_cond_init(&team->done, NULL);
    while (team->size < threads) {
        worker *next = &workers[team->size - 1];
        *next = (worker){.team = team, .index = team->size};
        if (pthread_create(&next->thread, NULL, live, next) != 0)
            break;
        team->size++;
    }
    return team;
}

void parallel_team_destroy(parallel_team *team)
{
    if (!team)
        return;
    pthread_mutex_lock(&team->lock);
    atomic_store(&team->stop, true);
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
    for (size_t i = 0; i + 1 < team->size; i++)
        pthread_join(team->workers[i].thread, NULL);
    pthread_cond_destroy(&team->done);
    pthread_cond_destroy(&team->wake);
    pthread_mutex_destroy(&team->lock);
    memory_release(team->allocator, team->workers);
    memory_release(team->allocator, team);
}

size_t parallel_team_size(const parallel_team *team)
{
    return team->size;
}

/* Waits for the pieces that workers still have in hand. */
static void wait_for(parallel_team *team, size_t count)
{
    for (size_t spins = 0; spins < SPINS; spins++) {
        if (atomic_load(&team->finished) == count)
            return;
        relax();
    }
    pthread_mutex_lock(&team->lock);
    atomic_store(&team->waiting, true);
    while (atomic_load(&team->finished) != count)
        pthread_cond_wait(&team->done, &team->lock);
    atomic_store(&team->waiting, false);
    pthread_mutex_unlock(&team->lock);
}

void parallel_run(parallel_team *team, size_t count, parallel_task *task, void *context)
{
    if (team->size == 1 || count < 2) {
        for (size_t i = count; i-- > 0;) /* as a team does */
            task(context, i, 0);
        return;
    }
    team->task = task;
    team->context = context;
    atomic_store(&team->finished, 0);
    uint64_t job = (atomic_load(&team->ticket) >> 32) + 1;
    atomic_store(&team->ticket, job << 32 | (uint32_t)count);
    if (atomic_load(&team->sleeping) > 0) {
        pthread_mutex_lock(&team->lock);
        pthread_cond_broadcast(&team->wake);
        pthread_mutex_unlock(&team->lock);
    }
    work(team, 0);
    wait_for(team, count);
}

size_t parallel_threads(size_t wanted)
{
    size_t count = wanted ? wanted : processors_available();
    return count < PARALLEL_MOST ? count : PARALLEL_MOST;
}

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
