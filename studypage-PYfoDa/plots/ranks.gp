# Ranks of the hidden layers, added up
name = 'ranks'; width = 560; height = 360
load 'style.gp'
set xlabel 'pruned, % of all weights'
set ylabel 'sum of ranks'
set yrange [0:*]
set key above left Left reverse samplen 2.5 maxcols 3 font ',13'
set logscale x
set xrange [0.324:0.277778]
set xtics ('72' 0.28, '71.5' 0.285, '71' 0.29, '70.5' 0.295, '70' 0.3, '69.5' 0.305, '69' 0.31, '68.5' 0.315, '68' 0.32)
plot name.'.csv' using ($1==1?1-$2:NaN):3 with linespoints lt 1 title 'activation', \
     17 with lines lt 7 title 'dense'
