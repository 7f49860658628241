package demo

// person is a customer of the demo workshop. Names, numbers, plates and
// addresses are invented; .test addresses lead nowhere (RFC 6761).
type person struct {
	name, phone, email, locale string
	plate, make, model         string
	mileage                    int
}

// people are more than the visits need; the first one comes twice.
var people = []person{
	{"Ville Mäkinen", "+358 45 7000 101", "ville.makinen@posti.test", "fi", "KLM-482", "Skoda", "Octavia", 128400},
	{"Katri Heikkinen", "+358 45 7000 108", "", "fi", "RXT-917", "Toyota", "Corolla", 64200},
	{"Erik Sandström", "+358 45 7000 115", "erik.sandstrom@brev.test", "sv", "BCN-305", "Volvo", "V60", 98750},
	{"Emma Clarke", "+358 45 7000 122", "emma.clarke@mail.test", "en", "FJG-216", "Volkswagen", "Golf", 71300},
	{"Juhani Laine", "+358 45 7000 129", "", "fi", "ZHT-558", "Nissan", "Qashqai", 143900},
	{"Linda Holmberg", "+358 45 7000 136", "", "sv", "MPR-731", "Kia", "Ceed", 38600},
	{"Pekka Rantanen", "+358 45 7000 143", "pekka.rantanen@posti.test", "fi", "CYU-164", "Ford", "Focus", 187200},
	{"Noora Salonen", "+358 45 7000 150", "", "fi", "LTS-809", "Seat", "Leon", 52100},
	{"Thomas Becker", "+358 45 7000 157", "thomas.becker@mail.test", "en", "GVA-427", "BMW", "320d", 156000},
	{"Hanna Koskinen", "+358 45 7000 164", "hanna.koskinen@posti.test", "fi", "NOK-633", "Mazda", "CX-5", 80500},
	{"Mats Ekholm", "+358 45 7000 171", "", "sv", "JRP-290", "Saab", "9-3", 231000},
	{"Tiina Virtala", "+358 45 7000 178", "", "fi", "XKB-745", "Hyundai", "i30", 91200},
	{"Oskari Nurmi", "+358 45 7000 185", "", "fi", "SAE-118", "Opel", "Astra", 119800},
	{"Camilla Wikström", "+358 45 7000 192", "camilla.wikstrom@brev.test", "sv", "UFM-872", "Audi", "A4", 134500},
	{"Riikka Aaltonen", "+358 45 7000 199", "", "fi", "HIB-396", "Toyota", "Yaris", 45700},
	{"Daniel Murphy", "+358 45 7000 206", "", "en", "OLD-551", "Honda", "Civic", 88900},
	{"Sami Tuominen", "+358 45 7000 213", "sami.tuominen@posti.test", "fi", "EVX-204", "Tesla", "Model 3", 61000},
	{"Marjatta Hiltunen", "+358 45 7000 220", "", "fi", "IRK-667", "Mercedes-Benz", "A 180", 72800},
	{"Jonas Nyberg", "+358 45 7000 227", "", "sv", "PTL-983", "Volvo", "XC40", 29900},
	{"Anni Lehto", "+358 45 7000 234", "anni.lehto@posti.test", "fi", "YMA-342", "Peugeot", "308", 103600},
	{"Kalle Pitkänen", "+358 45 7000 241", "", "fi", "BGR-715", "Skoda", "Superb", 168300},
	{"Priya Nair", "+358 45 7000 248", "priya.nair@mail.test", "en", "TZK-129", "Toyota", "C-HR", 54400},
	{"Ulla Sjöblom", "+358 45 7000 255", "", "sv", "CHS-486", "Renault", "Clio", 77100},
	{"Markku Ojala", "+358 45 7000 262", "", "fi", "FLN-850", "Ford", "Transit", 241500},
	{"Jenni Parviainen", "+358 45 7000 269", "", "fi", "VRO-273", "Nissan", "Leaf", 66800},
	{"Robert Lindgren", "+358 45 7000 276", "robert.lindgren@brev.test", "sv", "AKY-904", "Volkswagen", "Passat", 149700},
	{"Heikki Saarinen", "+358 45 7000 283", "", "fi", "GNM-538", "Citroën", "C4", 112300},
	{"Laura Mattila", "+358 45 7000 290", "laura.mattila@posti.test", "fi", "XDI-161", "Dacia", "Duster", 84900},
	{"Sean O'Connor", "+358 45 7000 297", "", "en", "RUB-797", "Subaru", "Outback", 176400},
	{"Minna Karjalainen", "+358 45 7000 304", "", "fi", "JEP-425", "Suzuki", "Swift", 58200},
	{"Patrik Björklund", "+358 45 7000 311", "", "sv", "LSV-652", "Skoda", "Fabia", 93100},
	{"Eeva Kallioinen", "+358 45 7000 318", "eeva.kallioinen@posti.test", "fi", "OTC-308", "Kia", "Sportage", 47500},
	{"Antti Hakala", "+358 45 7000 325", "", "fi", "ZIM-941", "BMW", "118i", 125600},
	{"Grace Mensah", "+358 45 7000 332", "grace.mensah@mail.test", "en", "DFE-576", "Mini", "Cooper", 69300},
	{"Timo Väisänen", "+358 45 7000 339", "", "fi", "UKA-213", "Mitsubishi", "Outlander", 138800},
	{"Sofia Grönroos", "+358 45 7000 346", "", "sv", "HYL-884", "Polestar", "2", 33700},
	{"Leena Hämeenaho", "+358 45 7000 353", "", "fi", "MBT-457", "Volkswagen", "Polo", 101900},
	{"Arttu Kivelä", "+358 45 7000 360", "arttu.kivela@posti.test", "fi", "PNG-639", "Toyota", "RAV4", 55100},
	{"Nils Fagerholm", "+358 45 7000 367", "", "sv", "SXE-172", "Mazda", "3", 116700},
	{"Olivia Bennett", "+358 45 7000 374", "", "en", "CRV-865", "Fiat", "500", 42600},
	{"Jari Montonen", "+358 45 7000 381", "", "fi", "IAO-394", "Volvo", "V70", 267800},
	{"Petra Suominen", "+358 45 7000 388", "", "fi", "TJK-720", "Audi", "Q3", 78400},
}
