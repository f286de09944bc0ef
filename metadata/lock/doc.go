// Package lock lets one process at a time do something to a cluster, among processes of any machines.
//
// A lock is an empty index template with a pattern that is the name of no index. A server refuses a second template of the same priority and
// an overlapping pattern, so at most one can be there; each holder's has a name of its own, so that nobody removes another's by mistake:
//
//	_index_template/migassist-lock-NAME-9f3c01d2   patterns ["migassist-lock-NAME"], priority 2147483645, _meta {holder, beat}
//	                                               └ what the server lets be there once
//
// The holder writes a new beat every few seconds. Who comes meanwhile watches: where the beat goes on, another holds the lock; where it stands
// still, or the process is known to be gone, its template is removed. No clocks of two machines are compared. A holder that slept and was given up is
// refused when it writes its next beat, and its work is ended.
//
// Nothing is left on the cluster when the lock is given back.
package lock
