package web

import (
	"testing"

	"neuvo/booking"
)

func TestAMemberOfStaffSetsHowToBeTold(t *testing.T) {
	b := onSQLite(t)
	b.atDesk("sanna@example.com").link("Your notifications")
	page := b.open("/desk/me").want(200).says("sanna@example.com")
	page.form("/desk/me").set("tell_sms", "on").send().want(422)
	page.form("/desk/me").set("tell_sms", "on").set("phone", "12").send().want(422)
	page.form("/desk/me").set("minutes", "0").send().want(422)
	saved := page.form("/desk/me").set("tell_sms", "on").set("phone", "040 765 4321").set("minutes", "12").send().want(200).says("Saved.")
	if got := saved.form("/desk/me").values; got.Get("phone") != "+358407654321" || got.Get("minutes") != "12" || !got.Has("tell_sms") || !got.Has("tell_email") {
		t.Errorf("kept as %v", got)
	}
	if a := b.send("", "GET", "/desk/me", nil); a.status == 200 && len(a.raw) == 0 {
		t.Error("an empty page")
	}
}

func TestAManagerSetsHowLongRepliesWait(t *testing.T) {
	b := onSQLite(t)
	b.atDesk("boss@example.com")
	page := b.open("/desk/settings").want(200)
	page.form("/settings/replies?workshop=1").set("reply_minutes", "20000").send().want(422)
	page.form("/settings/replies?workshop=1").set("reply_minutes", "20").set("reply_manager_minutes", "45").send().want(200)
	shop, err := b.desk.Workshop(t.Context(), 1)
	b.must(err)
	if shop.ReplyMinutes != 20 || shop.ReplyManagerMinutes != 45 {
		t.Errorf("kept as %d and %d", shop.ReplyMinutes, shop.ReplyManagerMinutes)
	}
}

func TestWhoLooksAtTheJobIsNotToldOfIt(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	raise := func() booking.Attention {
		t.Helper()
		b.exec("DELETE FROM attentions")
		b.must(b.desk.Raise(t.Context(), booking.Attention{JobID: number(id), Kind: booking.NeedsReply, Body: "Hei"}))
		list, err := b.desk.Attentions(t.Context(), 1)
		b.must(err)
		return list[0]
	}
	b.atDesk("sanna@example.com")
	if a := raise(); a.TellAt.IsZero() {
		t.Fatalf("nobody is to be told: %+v", a)
	}
	b.open("/desk").want(200)
	if list, err := b.desk.Attentions(t.Context(), 1); err != nil || list[0].TellAt.IsZero() {
		t.Errorf("the board alone counts as looking: %+v, %v", list, err)
	}
	b.open("/desk/jobs/" + id).want(200)
	if list, err := b.desk.Attentions(t.Context(), 1); err != nil || !list[0].TellAt.IsZero() {
		t.Errorf("she is told although she looked: %+v, %v", list, err)
	}
}
