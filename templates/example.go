package templates

// Example is a visit with everything known, for showing what a text looks like;
// without a vehicle it is another trade's. The caller puts the workshop's own
// name and address in.
func Example(locale string, vehicle bool) TextData {
	locale = known(locale)
	d := TextData{
		Advisor: "Satu", Workshop: "Korjaamo Keskusta Oy", WorkshopPhone: "+358 9 1234 5678",
		Address: "Konepajankatu 3, 00510 Helsinki", Customer: "Liisa", Vehicle: "Volvo V60 ABC-123",
		Reference: "NV-7K3Q9", Link: "https://korjaamo.example.com/l/7Kd9sQx2LmA", Scale: "1-5", Code: "482913",
		Former: "Mikael",
	}
	switch locale {
	case "fi":
		d.Service, d.Bring = "Määräaikaishuolto", []string{"avaimet", "huoltokirja"}
		d.Date, d.Time, d.Day = "23.11.2026", "9.30", "ma 23.11."
		d.ReadyBy, d.Due = "ma 23.11. klo 16.00", "ma 23.11. klo 12.00"
		d.Price, d.Ceiling = "240,00 €", "276,00 €"
		d.Note = "Jarrupalat kannattaa vaihtaa samalla. Sopiiko?"
	case "sv":
		d.Service, d.Bring = "Periodisk service", []string{"nycklar", "servicebok"}
		d.Date, d.Time, d.Day = "2026-11-23", "09.30", "mån 23.11"
		d.ReadyBy, d.Due = "mån 23.11 kl. 16.00", "mån 23.11 kl. 12.00"
		d.Price, d.Ceiling = "2 400,00 kr", "2 760,00 kr"
		d.Note = "Bromsbeläggen borde bytas på samma gång. Passar det?"
	case "en":
		d.Service, d.Bring = "Scheduled service", []string{"keys", "service book"}
		d.Date, d.Time, d.Day = "23 November 2026", "09:30", "Mon 23 Nov"
		d.ReadyBy, d.Due = "Mon 23 Nov at 16:00", "Mon 23 Nov at 12:00"
		d.Price, d.Ceiling = "€240.00", "€276.00"
		d.Note = "The brake pads should be changed while we are at it. Is that all right?"
	}
	if !vehicle {
		d.Vehicle, d.ReadyBy, d.Bring = "", "", nil
		d.Service = map[string]string{"fi": "Hiustenleikkuu", "sv": "Klippning", "en": "Haircut"}[locale]
	}
	return d
}
