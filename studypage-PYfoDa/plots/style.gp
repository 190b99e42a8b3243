# The style of all plots in this folder; every NAME.gp loads it.
#   gnuplot NAME.gp                        draws NAME.svg
#   gnuplot -e "format='pdf'" NAME.gp      draws NAME.pdf; 'eps' and 'png' likewise
# It is written anew with every report: change a copy.
if (!exists('format')) format = 'svg'
set encoding utf8
if (format eq 'svg') set terminal svg size width,height dynamic noenhanced \
    font 'Helvetica,Arial,sans-serif,15'
if (format eq 'pdf') set terminal pdfcairo size width/100.0,height/100.0 noenhanced \
    font 'Helvetica,11'
if (format eq 'eps') set terminal epscairo size width/100.0,height/100.0 noenhanced \
    font 'Helvetica,11'
if (format eq 'png') set terminal pngcairo size 2*width,2*height noenhanced \
    font 'Helvetica,15' fontscale 2 linewidth 2 pointscale 2
set output name.'.'.format
set datafile separator comma
set datafile columnheaders
set linetype 1 lc rgb '#0072b2' lw 2 dt 1 pt 7 ps 0.6
set linetype 2 lc rgb '#d55e00' lw 2 dt (12,4) pt 5 ps 0.6
set linetype 3 lc rgb '#009e73' lw 2 dt (3,3) pt 9 ps 0.7
set linetype 4 lc rgb '#cc79a7' lw 2 dt (12,4,3,4) pt 11 ps 0.7
set linetype 5 lc rgb '#e69f00' lw 2 dt (7,3) pt 13 ps 0.7
set linetype 6 lc rgb '#56b4e9' lw 2 dt (12,3,3,3,3,3) pt 6 ps 0.6
set linetype 7 lc rgb '#000000' lw 2 dt (2,4) pt 4 ps 0.6
set linetype 8 lc rgb '#7f7f7f' lw 2 dt (5,5) pt 8 ps 0.7
set linetype cycle 8
set style line 101 lc rgb '#6b7580' lw 1.2 dt (2,3)  # a pruning step, a limit
set style line 102 lc rgb '#e4e7ea' lw 1 dt 1        # the grid
set border 3 lc rgb '#5a6672'
set tics nomirror out scale 0.5 textcolor rgb '#1b2530'
set grid ytics ls 102
set key above left Left reverse samplen 3 maxcols 3
set xlabel offset 0,0.4
palette_amount = "defined (0 '#00204d', 1 '#00336f', 2 '#39486b', 3 '#575d6d', "\
    ."4 '#707173', 5 '#8a8779', 6 '#a69d75', 7 '#c4b56c', 8 '#e4cf5b', 9 '#ffea46')"
palette_sign = "defined (-1 '#0072b2', -0.5 '#7fb8d8', 0 '#ffffff', 0.5 '#ea9f6f', "\
    ."1 '#d55e00')"
