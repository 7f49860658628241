package booking

// CleanPhoto lets the fuzzer reach the reader of strangers' bytes.
func CleanPhoto(raw []byte) (*Photo, error) { return cleanPhoto(raw) }
