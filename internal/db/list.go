package db

import (
	"encoding/json"
	"strconv"
	"strings"

	"gorm.io/gorm/clause"
)

// A statement about many rows gets each list of theirs as one argument: its text
// is the same however many they are, so that it stays prepared and planned.

// Among is the condition that a column holds one of a list.
func Among[T int64 | string](d *DB, column string, list []T) clause.Expr {
	if d.Dialect == SQLite {
		return clause.Expr{SQL: column + " IN (SELECT value FROM json_each(?))", Vars: []any{asJSON(list)}}
	}
	return clause.Expr{SQL: column + " = ANY(CAST(? AS " + arrayOf(list) + "))", Vars: []any{asArray(list)}}
}

// Column is a column of a table of values, made by Ints or Texts.
type Column struct {
	name  string
	ints  []int64
	texts []string
}

// Ints is a column of whole numbers.
func Ints(name string, list []int64) Column { return Column{name: name, ints: list} }

// Texts is a column of texts.
func Texts(name string, list []string) Column { return Column{name: name, texts: list} }

// Values is a table named v with a row for each place in the columns, which are
// of one length: what a statement writes into many rows at once.
func (d *DB) Values(columns ...Column) clause.Expr {
	if d.Dialect == SQLite {
		picks := make([]string, len(columns))
		for i, c := range columns {
			picks[i] = "value->>" + strconv.Itoa(i) + " AS " + c.name
		}
		return clause.Expr{SQL: "(SELECT " + strings.Join(picks, ", ") + " FROM json_each(?)) AS v", Vars: []any{rowsAsJSON(columns)}}
	}
	names, lists, args := make([]string, len(columns)), make([]string, len(columns)), make([]any, len(columns))
	for i, c := range columns {
		names[i] = c.name
		if c.texts == nil {
			lists[i], args[i] = "CAST(? AS bigint[])", asArray(c.ints)
		} else {
			lists[i], args[i] = "CAST(? AS text[])", asArray(c.texts)
		}
	}
	return clause.Expr{SQL: "unnest(" + strings.Join(lists, ", ") + ") AS v(" + strings.Join(names, ", ") + ")", Vars: args}
}

// rowsAsJSON writes columns as an array of rows, each an array.
func rowsAsJSON(columns []Column) string {
	out := []byte{'['}
	for i := range max(len(columns[0].ints), len(columns[0].texts)) {
		if i > 0 {
			out = append(out, ',')
		}
		for j, c := range columns {
			out = append(out, "[,"[min(j, 1)])
			if c.texts == nil {
				out = strconv.AppendInt(out, c.ints[i], 10)
			} else {
				out = appendJSON(out, c.texts[i])
			}
		}
		out = append(out, ']')
	}
	return string(append(out, ']'))
}

// asJSON writes a list as a JSON array.
func asJSON[T int64 | string](list []T) string {
	out := []byte{'['}
	for i, v := range list {
		if i > 0 {
			out = append(out, ',')
		}
		switch v := any(v).(type) {
		case int64:
			out = strconv.AppendInt(out, v, 10)
		case string:
			out = appendJSON(out, v)
		}
	}
	return string(append(out, ']'))
}

func appendJSON(out []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string always can be
	return append(out, quoted...)
}

// asArray writes a list as PostgreSQL reads an array (its manual, section 8.15.6).
func asArray[T int64 | string](list []T) string {
	out := []byte{'{'}
	for i, v := range list {
		if i > 0 {
			out = append(out, ',')
		}
		switch v := any(v).(type) {
		case int64:
			out = strconv.AppendInt(out, v, 10)
		case string:
			out = append(out, '"')
			out = append(out, arrayQuote.Replace(v)...)
			out = append(out, '"')
		}
	}
	return string(append(out, '}'))
}

var arrayQuote = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func arrayOf[T int64 | string](list []T) string {
	if _, ok := any(list).([]int64); ok {
		return "bigint[]"
	}
	return "text[]"
}
