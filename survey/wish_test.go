package survey_test

import (
	"testing"

	"neuvo/survey"
)

func TestOnlyAPlainWishToBeCalledIsPromisedWithoutReading(t *testing.T) {
	for _, tt := range []struct {
		body string
		want bool
	}{
		{"Soittakaa minulle", true}, {"Voisitko soittaa?", true}, {"soita kun ehdit", false}, {"Ring mig tack", true}, {"Kan ni ringa upp mig?", true},
		{"Please call me", true}, {"Can you call me back please", true}, {"call me on 0401234567", true},
		{"Soita kun auto on valmis", false}, {"Ring när bilen är klar", false}, {"Call me when it is ready", false}, {"Please call me after 3", false},
		{"Soita huomenna", false}, {"Ring mig klockan 15", false}, {"I will call you", false}, {"Ei tarvitse soittaa", false},
		{"Tuon auton aamulla", false}, {"ok", false}, {"5, soittakaa", false}, {"Jarrut pettivät, soittakaa heti", false},
		{"Hei, soittelin eilen enkä saanut ketään kiinni. Voisitteko katsoa myös jarrut ja soittaa siitä mitä se maksaisi kaikkineen", false},
	} {
		if got := survey.WantsCall(tt.body); got != tt.want {
			t.Errorf("%q: %v, want %v", tt.body, got, tt.want)
		}
	}
}
