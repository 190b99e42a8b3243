# Criteria: accuracy against measured time
name = 'accuracy-time'; width = 560; height = 400
load 'style.gp'
set key above left Left reverse samplen 2.5 maxcols 3 font ',13'
set ylabel 'test accuracy, %'
set xlabel 'µs for one prediction'
set logscale x
set xrange [0.740741:0.864]
set xtics ('0.76' 0.76, '0.78' 0.78, '0.8' 0.8, '0.82' 0.82, '0.84' 0.84, '0.86' 0.86)
least = 79.1
set yrange [least:90.9]
plot name.'.csv' using (column(1)):(100*column(2)) with linespoints lt 1 title 'activation', \
     90 with lines lt 7 title 'dense'
