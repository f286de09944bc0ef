package capture

import "errors"

// ErrDamaged marks what is no record, or not one any more.
var ErrDamaged = errors.New("damaged record")

// ErrRefused marks the error of an append that fails however often it is repeated, for one of the records is such that the log takes none like it.
var ErrRefused = errors.New("the log takes no such record")
