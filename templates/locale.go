package templates

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"gopkg.in/yaml.v3"
)

// Locales are the languages every page, text and e-mail exists in. The first
// is used where nothing better is known.
var Locales = []string{"fi", "sv", "en"}

// Match picks the best of Locales for an Accept-Language header (RFC 9110
// section 12.5.4). Where the header names none of them it is fallback, or the
// first of Locales if that is not one either.
func Match(acceptLanguage, fallback string) string {
	fallback = known(fallback)
	// Browsers send well under a hundred bytes; a long header is not worth parsing.
	if len(acceptLanguage) > 500 {
		return fallback
	}
	tags, weights, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return fallback
	}
	for i, tag := range tags {
		if weights[i] == 0 { // "not acceptable"
			continue
		}
		base, _ := tag.Base()
		if slices.Contains(Locales, base.String()) {
			return base.String()
		}
	}
	return fallback
}

// known is locale itself where there is one of that name, else the first.
func known(locale string) string {
	if slices.Contains(Locales, locale) {
		return locale
	}
	return Locales[0]
}

// dictionaries are the sentences by locale and key.
var dictionaries = sync.OnceValue(func() map[string]map[string]string {
	all := make(map[string]map[string]string, len(Locales))
	for _, locale := range Locales {
		d, err := readDictionary(locale)
		if err != nil { // embedded and tested: only a broken build gets here
			panic("templates: " + err.Error())
		}
		all[locale] = d
	}
	return all
})

// readDictionary reads one locale's file; nested sections become dotted keys.
func readDictionary(locale string) (map[string]string, error) {
	raw, err := fs.ReadFile(files, "locales/"+locale+".yaml")
	if err != nil {
		return nil, fmt.Errorf("read locale %s: %w", locale, err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("read locale %s: %w", locale, err)
	}
	flat := map[string]string{}
	if err := flatten(flat, "", tree); err != nil {
		return nil, fmt.Errorf("read locale %s: %w", locale, err)
	}
	return flat, nil
}

func flatten(flat map[string]string, prefix string, tree map[string]any) error {
	for name, value := range tree {
		key := prefix + name
		switch v := value.(type) {
		case map[string]any:
			if err := flatten(flat, key+".", v); err != nil {
				return err
			}
		case string:
			flat[key] = v
		default:
			return fmt.Errorf("%s is %T, not a sentence: put it in quotes", key, value)
		}
	}
	return nil
}

// Has tells whether a locale has a sentence for a key, whole or as a plural.
func Has(locale, key string) bool {
	d := dictionaries()[known(locale)]
	_, plain := d[key]
	_, plural := d[key+".other"]
	return plain || plural
}

// T is the sentence of a key in a locale with its {name} placeholders filled
// from args. A key with the forms key.one and key.other is chosen by the
// argument "count". An unknown key is its own translation, so that a missing
// sentence is seen and does no harm.
func T(locale, key string, args map[string]any) string {
	d := dictionaries()[known(locale)]
	sentence, ok := d[key]
	if !ok {
		form := ".other"
		if isOne(args["count"]) {
			form = ".one"
		}
		if sentence, ok = d[key+form]; !ok {
			return key
		}
	}
	if len(args) == 0 || !strings.Contains(sentence, "{") {
		return sentence
	}
	return fill(d, sentence, args)
}

// isOne tells whether a count takes the singular. Finnish, Swedish and English
// agree: exactly one, written without decimals (CLDR plural rules).
func isOne(count any) bool {
	return fmt.Sprint(count) == "1"
}

// fill replaces the {name} placeholders in one pass, so that a value with
// braces in it is never read again. {status.from} is the sentence of the key
// "status." and the value of "from", for values that are words of the program.
// A placeholder without a value stays.
func fill(d map[string]string, sentence string, args map[string]any) string {
	var b strings.Builder
	for {
		open := strings.IndexByte(sentence, '{')
		if open < 0 {
			break
		}
		end := strings.IndexByte(sentence[open:], '}')
		if end < 0 {
			break
		}
		b.WriteString(sentence[:open])
		section, name := "", sentence[open+1:open+end]
		if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
			section, name = name[:dot+1], name[dot+1:]
		}
		value, ok := args[name]
		switch word, known := d[section+fmt.Sprint(value)]; {
		case !ok:
			b.WriteString(sentence[open : open+end+1])
		case section != "" && known:
			b.WriteString(word)
		default:
			fmt.Fprint(&b, value)
		}
		sentence = sentence[open+end+1:]
	}
	b.WriteString(sentence)
	return b.String()
}
