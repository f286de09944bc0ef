#!/bin/sh
# Writes columns.tar.zst beside it anew. Maven fetches Lucene; Lucene 10 needs Java 21: JAVA_25 is one.
set -e
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
mkdir "$work/jars" "$work/pack"
for version in 4.8.1 4.9.1 4.10.4 5.0.0 5.5.5 6.6.6 7.7.3 8.4.1 8.7.0 8.11.4 9.0.0 9.12.0 10.1.0 10.3.1; do
  mvn -q -B dependency:copy -Dartifact=org.apache.lucene:lucene-core:$version -DoutputDirectory="$work/jars"
  java=java
  case $version in 10.*) java=${JAVA_25:-java} ;; esac
  for mode in speed compression; do
    case $version-$mode in 8.11.4-compression | *-speed) ;; *) continue ;; esac # columns differ in these
    out=$work/out/$version-$mode
    mkdir -p "$out" "$work/pack/$version-$mode"
    "$java" -Xmx1g -cp "$work/jars/lucene-core-$version.jar" "$here/Columns.java" "$out" $mode
    (cd "$out" && ls | grep -E '^segments_|\.(si|fnm|fd.|dv.)$' | xargs -I{} cp {} "$work/pack/$version-$mode/")
    cp "$out/expected.txt" "$work/pack" # the newest says all
  done
done
cd "$work/pack"
tar --sort=name --owner=0 --group=0 --mtime=@0 -cf ../columns.tar expected.txt */
zstd -q -f --ultra -22 --long=27 ../columns.tar -o "$here/columns.tar.zst"
rm -r "$work"
