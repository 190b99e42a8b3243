# Criteria: accuracy against sparsity
name = 'accuracy-sparsity'; width = 560; height = 400
load 'style.gp'
set key above left Left reverse samplen 2.5 maxcols 3 font ',13'
set ylabel 'test accuracy, %'
set xlabel 'pruned, % of all weights'
set logscale x
set xrange [0.324:0.277778]
set xtics ('72' 0.28, '71.5' 0.285, '71' 0.29, '70.5' 0.295, '70' 0.3, '69.5' 0.305, '69' 0.31, '68.5' 0.315, '68' 0.32)
least = 79.1
set yrange [least:90.9]
plot name.'.csv' using (1-column(1)):(100*column(2)) with linespoints lt 1 title 'activation', \
     90 with lines lt 7 title 'dense'
