/* Rows of a data set through a program. */
#include "export/c_rows.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "export/c_run.h"

enum { PIECE_ROWS = 64 };

typedef struct job {
    const c_program *program;
    const espalier_dataset *data;
    espalier_split split;
    size_t count, rows; /* so many of so many rows */
    size_t room_bytes;  /* of one thread: a row and the program's workspace */
    uint8_t *rooms;     /* [threads][room_bytes] */
    uint64_t *right;    /* [pieces] */
} job;

size_t c_row_at(size_t i, size_t count, size_t rows)
{
    return count >= rows ? i : (size_t)((double)i * ((double)rows / (double)count));
}

static void run_piece(void *context, size_t index, size_t thread)
{
    const job *j = context;
    float *row = (float *)(void *)(j->rooms + thread * j->room_bytes);
    void *workspace = row + j->program->row_width;
    const size_t first = index * PIECE_ROWS;
    for (size_t i = first; i < first + PIECE_ROWS && i < j->count; i++) {
        const size_t at = c_row_at(i, j->count, j->rows);
        espalier_dataset_rows(j->data, j->split, at, 1, row);
        j->right[index] += c_run_row(j->program, row, workspace) ==
                           espalier_dataset_label(j->data, j->split, at);
    }
}

espalier_status c_rows_right(const c_program *p, const espalier_dataset *data,
                             espalier_split split, size_t count, uint64_t *right,
                             espalier_error *error)
{
    job j = {.program = p, .data = data, .split = split,
             .rows = espalier_dataset_row_count(data, split)};
    j.count = count < j.rows ? count : j.rows;
    const size_t pieces = (j.count + PIECE_ROWS - 1) / PIECE_ROWS;
    const size_t bytes = p->row_width * sizeof(float) + c_run_workspace(p);
    j.room_bytes = (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
    parallel_team *team = parallel_team_create(parallel_threads(p->threads), p->allocator);
    if (team) {
        j.rooms = memory_array(p->allocator, parallel_team_size(team), j.room_bytes);
        j.right = memory_array(p->allocator, pieces, sizeof *j.right);
    }
    const bool ready = j.rooms && j.right;
    *right = 0;
    if (ready)
        parallel_run(team, pieces, run_piece, &j);
    for (size_t i = 0; ready && i < pieces; i++)
        *right += j.right[i];
    memory_release(p->allocator, j.rooms);
    memory_release(p->allocator, j.right);
    parallel_team_destroy(team);
    return ready ? ESPALIER_OK : error_memory(error);
}
