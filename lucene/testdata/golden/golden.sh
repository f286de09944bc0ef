#!/bin/sh
# Writes the zips beside it anew, for the versions named, or for all. Maven fetches Lucene.
set -e
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
for version in ${*:-4.10.4 5.0.0 5.5.5 6.6.6 7.7.3 8.0.0 8.4.1 8.5.2 8.6.3 8.11.4 9.0.0 9.12.0 10.1.0 10.3.1}; do
  mvn -q -B dependency:copy -Dartifact=org.apache.lucene:lucene-core:$version -DoutputDirectory="$work"
  java=java
  case $version in 10.*) java=${JAVA_25:-java} ;; esac # Lucene 10 needs Java 21
  for kind in fast-plain high-compound; do
    [ "$version-$kind" = 4.10.4-high-compound ] && kind=fast-compound # it has one mode
    out=$work/$version-$kind
    "$java" -cp "$work/lucene-core-$version.jar" "$here/Golden.java" "$out" ${kind%-*} ${kind#*-}
    (cd "$out" && rm -f "$here/lucene-$version-$kind.zip" && ls | grep -E '^segments_|\.(si|fnm|fd.|liv|del|dv.|cf.)$|^expected' | zip -q -9 -X "$here/lucene-$version-$kind.zip" -@)
  done
done
rm -r "$work"
