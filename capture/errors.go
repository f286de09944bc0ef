package capture

import "errors"

// ErrDamaged marks what is no record, or not one any more.
var ErrDamaged = errors.New("damaged record")
