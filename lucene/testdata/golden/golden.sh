#!/bin/sh
# Writes the zips beside it anew: of the versions named, of all of them, or of "plugins". Maven fetches what it takes.
# JAVA_25 is a java of 22 or later, which Lucene 10 and Plugin.java need.
set -e
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
fetch() { mvn -q -B dependency:copy -Dartifact="$1" -DoutputDirectory="$work"; }
keep() { # FOLDER NAME
  rm -f "$here/$2.zip"
  (cd "$1" && ls | grep -E '^segments_|\.(si|fnm|fd.|liv|del|dv.|cf.)$|^expected' | zip -q -9 -X "$here/$2.zip" -@)
}
plugins() {
  fetch org.apache.lucene:lucene-core:9.12.0
  fetch com.github.luben:zstd-jni:1.5.6-1
  fetch org.lz4:lz4-java:1.8.0
  for kind in zstd zstd-no-dict qat-lz4 qat-deflate qat-zstd; do
    "${JAVA_25:-java}" -cp "$work/lucene-core-9.12.0.jar:$work/zstd-jni-1.5.6-1.jar:$work/lz4-java-1.8.0.jar" "$here/Plugin.java" "$work/$kind" $kind
    keep "$work/$kind" "plugin-9.12.0-$kind"
  done
}
for version in ${*:-4.2.1 4.6.1 4.9.1 4.10.4 5.0.0 5.5.5 6.6.6 7.7.3 8.0.0 8.4.1 8.5.2 8.6.3 8.11.4 9.0.0 9.12.0 10.1.0 10.3.1 plugins}; do
  [ "$version" = plugins ] && plugins && continue
  fetch org.apache.lucene:lucene-core:$version
  java=java
  case $version in 10.*) java=${JAVA_25:-java} ;; esac
  for kind in fast-plain high-compound; do
    case $version-$kind in 4.*-high-compound) kind=fast-compound ;; esac # it has one mode
    "$java" -cp "$work/lucene-core-$version.jar" "$here/Golden.java" "$work/$version-$kind" ${kind%-*} ${kind#*-}
    keep "$work/$version-$kind" "lucene-$version-$kind"
  done
done
rm -r "$work"
