// Command sink measures how fast our command sends, and what it costs, into a server that costs next to nothing.
//
//	go run ./internal/testcluster/sink -runs 3 -- bin/migassist rfs … --output json
//
// It starts itself a second time as that server, in a process whose time is not counted: it parses action lines, takes every bulk at
// once, and answers as OpenSearch 2.19.1 does. The command is given --target-host, and for each run its own --state-file and
// --dead-letter-file; with -workers several run at once. Printed is what each run came to, and the best of them beside what is asked:
// megabytes of source a second, our processor seconds for a gigabyte, resident memory. With -against, every second run has more
// arguments, and the ratios of each two are printed. Without a command it is the server alone, until its standard input ends; it
// prints its address as JSON.
package main
