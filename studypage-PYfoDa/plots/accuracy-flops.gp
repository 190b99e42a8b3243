# Criteria: accuracy against arithmetic
name = 'accuracy-flops'; width = 560; height = 400
load 'style.gp'
set key above left Left reverse samplen 2.5 maxcols 3 font ',13'
set ylabel 'test accuracy, %'
set xlabel 'FLOPs of one prediction'
set logscale x
set xrange [5555.56:6480]
set xtics ('5.6k' 5600, '5.8k' 5800, '6k' 6000, '6.2k' 6200, '6.4k' 6400)
least = 79.1
set yrange [least:90.9]
plot name.'.csv' using (column(1)):(100*column(2)) with linespoints lt 1 title 'activation', \
     90 with lines lt 7 title 'dense'
