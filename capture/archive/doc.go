// Package archive reads and writes captures as files: what the tools of the Java implementation leave and take.
//
//	lines       gzip or plain text, a record a line:  key|base64(TrafficStream)   console capture export, kafkaExport.sh
//	            or without a key:                     base64(TrafficStream)       the Java replayer's --input
//	protocap    a folder of <connection>_<n>.protocap, each one TrafficStream     the Java proxy's --traceDirectory
//
// They are told apart by content. An archive is not a log: nothing is appended to it while it is read.
package archive
