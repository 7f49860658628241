package demo

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"neuvo/internal/fault"
)

func (p *pages) mailboxes(w http.ResponseWriter, r *http.Request) error {
	if address := r.URL.Query().Get("address"); address != "" {
		if Mailbox(address) == "" {
			return fault.BadField("query.address", "demo.fault.address", address)
		}
		return seeOther(w, "/demo/mail/"+url.PathEscape(Mailbox(address)))
	}
	list := p.listMailboxes()
	if wantsJSON(r) {
		return writeJSON(w, http.StatusOK, page(r, list, func(m MailboxInfo) string { return m.Address }))
	}
	return p.render(w, r, "demo_mails", "list", struct {
		base
		Mailboxes []MailboxInfo
	}{p.base("mail"), list})
}

// mailPage is one mailbox.
type mailPage struct {
	base
	Address string
	Threads []thread // the latest first
	Draft   NewMail  // what the form starts from
}

// thread is e-mails that answer each other, oldest first.
type thread struct {
	Subject  string
	Mails    []letter
	AnswerID string  // the item that an answer goes to
	answer   NewMail // what an answer starts from
}

// letter is one e-mail as the page shows it.
type letter struct {
	Mail
	Parts []part
}

func (p *pages) mailbox(w http.ResponseWriter, r *http.Request) error {
	address := r.PathValue("address")
	if Mailbox(address) == "" {
		return fault.BadField("path.address", "demo.fault.address", address)
	}
	if wantsJSON(r) {
		list := p.opt.Host.Mails(address)
		if r.URL.Query().Get("all") != "" {
			list = p.opt.Host.Correspondence(address)
		}
		for i := range list {
			list[i].At = list[i].At.In(p.zone())
		}
		return writeJSON(w, http.StatusOK, page(r, list, func(m Mail) string { return m.ID }))
	}
	return p.showMailbox(w, r, "", nil)
}

func (p *pages) showMailbox(w http.ResponseWriter, r *http.Request, problem string, draft *NewMail) error {
	address := r.PathValue("address")
	if normal := Mailbox(address); normal != "" {
		address = normal
	}
	list := p.opt.Host.Correspondence(address)
	list = list[max(0, len(list)-shownItems):]
	for i := range list {
		list[i].At = list[i].At.In(p.zone())
	}
	view := mailPage{base: p.base("mail"), Address: address, Threads: threads(list)}
	view.Error = problem
	switch query := r.URL.Query(); {
	case draft != nil:
		view.Draft = *draft
	case query.Get("new") == "":
		view.Draft = draftFor(view.Threads, query.Get("answer"))
	}
	return p.render(w, r, "demo_mail", "threads", view)
}

// draftFor is the start of an answer to a thread, the latest one where none is
// named.
func draftFor(list []thread, answerID string) NewMail {
	for _, t := range list {
		if t.AnswerID != "" && (answerID == "" || t.AnswerID == answerID) {
			return t.answer
		}
	}
	return NewMail{}
}

// threads groups e-mails by what they answer (RFC 5322 section 3.6.4).
func threads(list []Mail) []thread {
	var out []*thread
	of := map[string]*thread{} // by Message-ID
	for _, m := range list {
		var t *thread
		for _, id := range slices.Concat([]string{m.InReplyTo}, m.references) {
			if t = of[id]; t != nil {
				break
			}
		}
		if t == nil {
			t = &thread{Subject: m.Subject}
			out = append(out, t)
		}
		if m.MessageID != "" {
			of[m.MessageID] = t
		}
		t.Mails = append(t.Mails, letter{Mail: m, Parts: linked(m.Body)})
		if m.Direction == Received {
			t.AnswerID = m.ID
			t.answer = NewMail{InReplyTo: m.MessageID, To: cmpOr(m.ReplyTo, m.From), Subject: reSubject(m.Subject)}
		}
	}
	sortLatest(out, func(t *thread) (time.Time, string) { return t.Mails[len(t.Mails)-1].At, t.Subject })
	flat := make([]thread, len(out))
	for i, t := range out {
		flat[i] = *t
	}
	return flat
}

func (p *pages) answerMail(w http.ResponseWriter, r *http.Request) error {
	var in NewMail
	err := readInput(r, &in, func(form url.Values) {
		in = NewMail{InReplyTo: form.Get("in_reply_to"), To: form.Get("to"), Subject: form.Get("subject"), Body: form.Get("body")}
	})
	if err != nil {
		return err
	}
	address := r.PathValue("address")
	sent, err := p.opt.Host.SendMailAs(address, in)
	switch {
	case err != nil && (wantsJSON(r) || isJSON(r)), err != nil && fault.KindOf(err) == fault.Internal:
		return err
	case err != nil:
		w.WriteHeader(status(fault.KindOf(err)))
		return p.showMailbox(w, r, sentence(locale(r), err), &in)
	case wantsJSON(r) || isJSON(r):
		sent.At = sent.At.In(p.zone())
		return writeJSON(w, http.StatusCreated, sent)
	}
	return seeOther(w, "/demo/mail/"+url.PathEscape(Mailbox(address)))
}
