package email

// KnowsCopies implements notify.Repeater: the receiving host can tell a second
// copy by its Message-ID, which never changes.
func (smtpGateway) KnowsCopies() bool { return true }

// KnowsCopies implements notify.Repeater. The host of an e-mail-to-SMS service is
// a mail host like any other.
func (smsGateway) KnowsCopies() bool { return true }
