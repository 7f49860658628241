package booking

import (
	"context"
	"io"
)

type Catalogue struct{}
type ImportReport struct{}

func (d *Desk) Import(ctx context.Context, c Catalogue) (ImportReport, error) {
	return ImportReport{}, nil
}
func ReadCatalogue(r io.Reader) (*Catalogue, error) { return nil, nil }
