package booking

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/aa"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/se"
)

// on is a holiday on the same date every year.
func on(key string, month time.Month, day int) holidayRule {
	return holidayRule{key: key, day: cal.Holiday{Month: month, Day: day, Func: cal.CalcDayOfMonth}}
}

// once is a holiday of a single year.
func once(key string, year int, month time.Month, day int) holidayRule {
	r := on(key, month, day)
	r.day.StartYear, r.day.EndYear = year, year
	return r
}

// from is a weekday on or after a date.
func from(key string, weekday time.Weekday, month time.Month, day int) holidayRule {
	return holidayRule{key: key, day: cal.Holiday{Month: month, Day: day, Weekday: weekday, Offset: 1, Func: cal.CalcWeekdayFrom}}
}

// rule is a holiday that the library defines.
func rule(key string, h *cal.Holiday) holidayRule { return holidayRule{key: key, day: *h} }

// since is a rule that begins with a year.
func since(year int, r holidayRule) holidayRule {
	r.day.StartYear = year
	return r
}

// eve marks a rule as custom, not law.
func eve(r holidayRule) holidayRule {
	r.eve = true
	return r
}

// holidayCountries are the countries that are shipped, by ISO 3166-1 code.
var holidayCountries = map[string]holidayCountry{
	"FI": {rules: finland, eves: true},
	"SE": {rules: sweden},
	"NO": {rules: norway},
	"DK": {rules: denmark},
	"EE": {rules: estonia},
	"DE": {rules: germany, regions: germanStates},
	"GB": {rules: englandAndWales, regions: britishNations, substitutes: true},
}

// finland: the church's holidays after the Church Act (kirkkolaki 652/2023,
// before it 1054/1993 chapter 4 section 3): Midsummer Day on the Saturday of 20
// to 26 June, All Saints' Day on that of 31 October to 6 November; 1 May after
// Act 272/1944, Independence Day after Act 388/1937. The eves of Midsummer and
// of Christmas are no public holidays, but not working days either for the
// Annual Holidays Act (vuosilomalaki 162/2005 section 4) and closed by custom.
var finland = []holidayRule{
	rule("new_year", aa.NewYear),
	rule("epiphany", aa.Epiphany),
	rule("good_friday", aa.GoodFriday),
	rule("easter_sunday", aa.Easter),
	rule("easter_monday", aa.EasterMonday),
	on("may_day", time.May, 1),
	rule("ascension", aa.AscensionDay),
	rule("whit_sunday", aa.Pentecost),
	eve(from("midsummer_eve", time.Friday, time.June, 19)),
	from("midsummer_day", time.Saturday, time.June, 20),
	from("all_saints", time.Saturday, time.October, 31),
	on("independence_day", time.December, 6),
	eve(on("christmas_eve", time.December, 24)),
	rule("christmas_day", aa.ChristmasDay),
	rule("boxing_day", aa.ChristmasDay2),
}

// sweden: Act on public holidays (lag 1989:253 om allmänna helgdagar). The eves
// of Midsummer, Christmas and New Year count as Sundays for the Annual Leave Act
// (semesterlag 1977:480 section 3 a), but workshops differ: they are a choice.
var sweden = []holidayRule{
	rule("new_year", se.Nyarsdagen),
	rule("epiphany", se.TrettondedagJul),
	rule("good_friday", se.Langfredagen),
	rule("easter_sunday", se.Paskdagen),
	rule("easter_monday", se.AnnandagPask),
	rule("may_day", se.ForstaMaj),
	rule("ascension", se.KristiHimmelfardsdag),
	rule("whit_sunday", se.Pingstdagen),
	rule("national_day_se", se.Nationaldagen),
	eve(rule("midsummer_eve", se.Midsommarafton)),
	rule("midsummer_day", se.Midsommardagen),
	rule("all_saints", se.AllaHelgonsDag),
	eve(rule("christmas_eve", se.Julafton)),
	rule("christmas_day", se.Juldagen),
	rule("boxing_day", se.AnnandagJul),
	eve(rule("new_years_eve", se.Nyarsafton)),
}

// norway: Act on public holidays (lov 24. februar 1995 nr. 12 om helligdager og
// helligdagsfred, section 2), and 1 and 17 May after lov 26. april 1947 nr. 1.
var norway = []holidayRule{
	rule("new_year", no.FoersteNyttaarsdag),
	rule("maundy_thursday", no.Skjaertorsdag),
	rule("good_friday", no.Langfredag),
	rule("easter_sunday", aa.Easter),
	rule("easter_monday", no.AndrePaaskedag),
	rule("may_day", no.Arbeiderenesdag),
	rule("constitution_day", no.Grunnlovsdag),
	rule("ascension", no.Kristihimmelfartsdag),
	rule("whit_sunday", aa.Pentecost),
	rule("whit_monday", no.AndrePinsedag),
	rule("christmas_day", no.FoersteJuledag),
	rule("boxing_day", no.AndreJuledag),
}

// denmark: the holidays of the church by the ordinance of 26 October 1770, less
// Great Prayer Day, which lov nr. 214 af 7. marts 2023 ended with the year 2023;
// and Constitution Day, on which the Act on retail hours (lukkeloven) closes
// shops.
var denmark = []holidayRule{
	rule("new_year", dk.Nytaarsdag),
	rule("maundy_thursday", dk.Skaertorsdag),
	rule("good_friday", dk.Langfredag),
	rule("easter_sunday", aa.Easter),
	rule("easter_monday", dk.AndenPaaskedag),
	rule("great_prayer_day", dk.StoreBededag),
	rule("ascension", dk.KristiHimmelfartsdag),
	rule("whit_sunday", aa.Pentecost),
	rule("whit_monday", dk.AndenPinsedag),
	rule("constitution_day", dk.Grundlovsdag),
	rule("christmas_day", dk.Juledag),
	rule("boxing_day", dk.AndenJuledag),
}

// estonia: Public Holidays and Days of National Importance Act (pühade ja
// tähtpäevade seadus, RT I 1998, 13, 162), sections 1 and 2.
var estonia = []holidayRule{
	rule("new_year", aa.NewYear),
	on("independence_day", time.February, 24),
	rule("good_friday", aa.GoodFriday),
	rule("easter_sunday", aa.Easter),
	on("spring_day", time.May, 1),
	rule("whit_sunday", aa.Pentecost),
	on("victory_day", time.June, 23),
	on("midsummer_day", time.June, 24),
	on("restoration_day", time.August, 20),
	on("christmas_eve", time.December, 24),
	rule("christmas_day", aa.ChristmasDay),
	rule("boxing_day", aa.ChristmasDay2),
}

// germany: the nine holidays that the acts of all sixteen states have in common;
// German Unity Day after the Unification Treaty (Einigungsvertrag), article 2(2).
var germany = []holidayRule{
	rule("new_year", de.Neujahr),
	rule("good_friday", de.Karfreitag),
	rule("easter_monday", de.Ostermontag),
	rule("may_day", de.TagderArbeit),
	rule("ascension", de.ChristiHimmelfahrt),
	rule("whit_monday", de.Pfingstmontag),
	rule("german_unity", de.DeutschenEinheit),
	rule("christmas_day", de.Weihnachtstag),
	rule("boxing_day", de.ZweiterWeihnachtsfeiertag),
}

// What the states add, each by its own act (Feiertagsgesetz).
var (
	epiphanyDE     = rule("epiphany", de.HeiligeDreiKoenige)
	womensDay      = rule("womens_day", de.Frauentag)
	corpusChristi  = rule("corpus_christi", de.Fronleichnam)
	assumption     = rule("assumption", de.MariaHimmelfahrt)
	reformationDay = rule("reformation_day", de.Reformationstag)
	allSaintsDE    = rule("all_saints", de.Allerheiligen)
)

// germanStates by ISO 3166-2:DE. In Bavaria the Assumption is left out, which is
// kept only where most people are Catholic.
var germanStates = map[string]*holidayRegion{
	"BW": {rules: []holidayRule{epiphanyDE, corpusChristi, allSaintsDE}},
	"BY": {rules: []holidayRule{epiphanyDE, corpusChristi, allSaintsDE}},
	// Berlin has two holidays of one year each (Gesetz über die Sonn- und
	// Feiertage, section 1): 80 years of liberation, 75 of the uprising of 1953.
	"BE": {rules: []holidayRule{since(2019, womensDay),
		once("liberation_day", 2025, time.May, 8), once("uprising_day", 2028, time.June, 17)}},
	"BB": {rules: []holidayRule{rule("easter_sunday", aa.Easter), rule("whit_sunday", aa.Pentecost), reformationDay}},
	"HB": {rules: []holidayRule{since(2018, reformationDay)}},
	"HH": {rules: []holidayRule{since(2018, reformationDay)}},
	"HE": {rules: []holidayRule{corpusChristi}},
	"MV": {rules: []holidayRule{since(2023, womensDay), reformationDay}},
	"NI": {rules: []holidayRule{since(2018, reformationDay)}},
	"NW": {rules: []holidayRule{corpusChristi, allSaintsDE}},
	"RP": {rules: []holidayRule{corpusChristi, allSaintsDE}},
	"SL": {rules: []holidayRule{corpusChristi, assumption, allSaintsDE}},
	"SN": {rules: []holidayRule{reformationDay, rule("repentance_day", de.BussUndBettag)}},
	"ST": {rules: []holidayRule{epiphanyDE, reformationDay}},
	"SH": {rules: []holidayRule{since(2018, reformationDay)}},
	"TH": {rules: []holidayRule{rule("childrens_day", de.Weltkindertag), reformationDay}},
}

// englandAndWales: Banking and Financial Dealings Act 1971, section 1 and
// schedule 1; New Year's Day and the first Monday of May by proclamation under
// it; Good Friday and Christmas Day by common law. A holiday on a weekend gives
// the next weekday off.
var englandAndWales = []holidayRule{
	rule("new_year", aa.NewYear),
	rule("good_friday", gb.GoodFriday),
	rule("easter_monday", gb.EasterMonday),
	rule("early_may", gb.EarlyMay),
	rule("ve_day", gb.VEDay),
	rule("coronation", gb.CoronationDay),
	rule("spring_holiday", gb.SpringHoliday),
	rule("spring_holiday", gb.SpringHoliday2022),
	rule("jubilee", gb.PlatinumJubilee),
	once("state_funeral", 2022, time.September, 19),
	rule("summer_holiday", gb.SummerHoliday),
	rule("christmas_day", aa.ChristmasDay),
	rule("boxing_day", aa.ChristmasDay2),
}

// britishNations by ISO 3166-2:GB: Scotland after the same schedule and the St
// Andrew's Day Bank Holiday (Scotland) Act 2007, Northern Ireland after the same
// schedule and, for 12 July, the yearly proclamation.
var britishNations = map[string]*holidayRegion{
	"SCT": {whole: true, rules: []holidayRule{
		rule("new_year", aa.NewYear),
		on("second_january", time.January, 2),
		rule("good_friday", gb.GoodFriday),
		rule("early_may", gb.EarlyMay),
		rule("ve_day", gb.VEDay),
		rule("coronation", gb.CoronationDay),
		rule("spring_holiday", gb.SpringHoliday),
		rule("spring_holiday", gb.SpringHoliday2022),
		rule("jubilee", gb.PlatinumJubilee),
		once("state_funeral", 2022, time.September, 19),
		rule("summer_holiday", gb.SummerHolidayScotland),
		on("st_andrew", time.November, 30),
		rule("christmas_day", aa.ChristmasDay),
		rule("boxing_day", aa.ChristmasDay2),
	}},
	"NIR": {rules: []holidayRule{
		on("st_patrick", time.March, 17),
		on("battle_of_boyne", time.July, 12),
	}},
}
