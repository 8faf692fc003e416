# Writes one source file with all mutants of a case file: a copy of it for each line marked `// fix`,
# without that line. The copies share the includes; each is in a namespace of its own and registers its
# cases under mutant/<tag>_<line>/, where mutation.sh runs them.
# Usage: awk -v tag=deadlock_ab_ba -f mutants.awk cases/deadlock/ab_ba.cc
# With -v list=1 it prints only <tag>_<line> and <file>:<line> of each mutant.
#
# Line numbers stay those of the case file, so that compilers and reports speak of it.
{
  text[NR] = $0
  if ($0 ~ /^[ \t]*#[ \t]*include/) included[NR] = 1
  if ($0 ~ /\/\/ fix$/) marked[++mutants] = NR
}

END {
  if (list) {
    for (m = 1; m <= mutants; m++) printf "%s_%d %s:%d\n", tag, marked[m], FILENAME, marked[m]
    exit
  }
  for (n = 1; n <= NR; n++) if (n in included) print text[n]
  for (m = 1; m <= mutants; m++) {
    printf "namespace mutant_%s_%d {\n#line 1 \"%s\"\n", tag, marked[m], FILENAME
    for (n = 1; n <= NR; n++) {
      line = n == marked[m] || n in included ? "" : text[n]
      gsub(/\.name = "/, "&mutant/" tag "_" marked[m] "/", line)
      print line
    }
    printf "}  // namespace mutant_%s_%d\n", tag, marked[m]
  }
}
