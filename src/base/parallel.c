/* The team: claiming pieces without a lock, spinning briefly, then sleeping.
 *
 * Each thread has a range of a job's pieces, the same of each job with as many, so that
 * what a piece reads and writes stays in one processor's cache from job to job. It takes
 * them from the end; one that has none left takes others' from their beginning. */
#define _POSIX_C_SOURCE 200809L
#include "base/parallel.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/processors.h"

/* Rounds of looking before sleeping, some tens of microseconds: longer than the
 * pause between two phases of a batch, shorter than what a sleep and a wake cost. */
enum { SPINS = 2000 };

/* One thread's pieces that nobody has claimed: first << 32 | end. Claiming is one exchange
 * of the whole, so a thread that comes late finds either nothing or a piece of the job
 * that it then reads. */
typedef struct range {
    _Atomic uint64_t pieces;
    char apart[120]; /* other ranges lie in other lines of a cache */
} range;

typedef struct worker {
    parallel_team *team;
    pthread_t thread;
    size_t index;
} worker;

struct parallel_team {
    const espalier_allocator *allocator;
    pid_t process; /* that has the workers; a forked one has a copy of all but them */
    size_t size;   /* workers and the caller */
    worker *workers;
    range *ranges;       /* [size] */
    parallel_task *task; /* the job; written only while no piece of it is open */
    void *context;
    alignas(MEMORY_ALIGNMENT) _Atomic size_t finished; /* pieces of this job */
    alignas(MEMORY_ALIGNMENT) _Atomic size_t sleeping; /* workers asleep */
    _Atomic bool waiting;                              /* the caller is asleep */
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

static bool is_open(uint64_t pieces)
{
    return pieces >> 32 < (uint32_t)pieces;
}

static bool has_open(parallel_team *team, size_t thread)
{
    return is_open(atomic_load(&team->ranges[thread].pieces));
}

/* Claims a piece of one thread's range, its first or its last; false when none is open. */
static bool claim(range *from, bool first, size_t *index)
{
    uint64_t pieces = atomic_load(&from->pieces);
    while (is_open(pieces)) {
        const uint64_t rest = first ? pieces + (UINT64_C(1) << 32) : pieces - 1;
        if (atomic_compare_exchange_weak(&from->pieces, &pieces, rest)) {
            *index = first ? pieces >> 32 : (uint32_t)pieces - 1;
            return true;
        }
    }
    return false;
}

static bool claim_any(parallel_team *team, size_t thread, size_t *index)
{
    bool found = claim(&team->ranges[thread], false, index);
    for (size_t t = 1; t < team->size && !found; t++)
        found = claim(&team->ranges[(thread + t) % team->size], true, index);
    return found;
}

static void work(parallel_team *team, size_t thread)
{
    size_t index;
    while (claim_any(team, thread, &index)) {
        team->task(team->context, index, thread);
        atomic_fetch_add(&team->finished, 1);
        if (atomic_load(&team->waiting)) {
            pthread_mutex_lock(&team->lock);
            pthread_cond_signal(&team->done);
            pthread_mutex_unlock(&team->lock);
        }
    }
}

static void sleep_until_work(parallel_team *team, size_t thread)
{
    pthread_mutex_lock(&team->lock);
    atomic_fetch_add(&team->sleeping, 1);
    while (!has_open(team, thread) && !atomic_load(&team->stop))
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
        while (!has_open(team, self->index) && spins < SPINS && !atomic_load(&team->stop)) {
            relax();
            spins++;
        }
        if (spins == SPINS)
            sleep_until_work(team, self->index);
        work(team, self->index);
    }
    return NULL;
}

parallel_team *parallel_team_create(size_t threads, const espalier_allocator *allocator)
{
    threads = parallel_threads(threads);
    parallel_team *team = memory_array(allocator, 1, sizeof *team);
    worker *workers = memory_array(allocator, threads, sizeof *workers);
    range *ranges = memory_array(allocator, threads, sizeof *ranges);
    if (!team || !workers || !ranges) {
        memory_release(allocator, ranges);
        memory_release(allocator, workers);
        memory_release(allocator, team);
        return NULL;
    }
    team->allocator = allocator;
    team->workers = workers;
    team->ranges = ranges;
    team->process = getpid();
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

/* Ends the workers, and what they wait on. */
static void dismiss(parallel_team *team)
{
    pthread_mutex_lock(&team->lock);
    atomic_store(&team->stop, true);
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
    for (size_t i = 0; i + 1 < team->size; i++)
        pthread_join(team->workers[i].thread, NULL);
    pthread_cond_destroy(&team->done);
    pthread_cond_destroy(&team->wake);
    pthread_mutex_destroy(&team->lock);
}

void parallel_team_destroy(parallel_team *team)
{
    if (!team)
        return;
    if (team->process == getpid())
        dismiss(team);
    memory_release(team->allocator, team->ranges);
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
    for (size_t t = team->size; t-- > 0;)
        atomic_store(&team->ranges[t].pieces, (uint64_t)(count * t / team->size) << 32 |
                                                  (uint32_t)(count * (t + 1) / team->size));
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
