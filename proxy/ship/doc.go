// Package ship copies the closed segments of a capture's folder to where they are wanted: another folder, or an object store.
//
//	FOLDER/NODE/…20 digits….log  ──>  DESTINATION/NODE/…20 digits….log
//
// A segment is shipped whole, once; what is at the destination under its name stays as it is. Segments that an earlier process left behind are
// shipped at the start. Nothing is removed here: that is the log's own retention, which does not wait for this.
package ship
