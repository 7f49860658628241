package booking

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// What one-time codes are for. Other rooms add their own words: a code for one
// purpose proves nothing for another.
const (
	CodeConfirm = "confirm" // an online booking's phone
	CodeDesk    = "desk"    // who stands at the desk or is on the phone
)

// CodeLife is how long a one-time code is good for.
const CodeLife = 10 * time.Minute

// Bounds of one-time codes. With five tries a code and five codes an hour, a
// guesser has one chance in forty thousand an hour.
const (
	codeTries = 5
	// A job's phone gets a code at most each codePause, and any at most
	// codesPerHour.
	codePause    = 30 * time.Second
	codesPerHour = 5
	// keepCodes is how long spent codes stay, to be counted.
	keepCodes = 24 * time.Hour
)

// Code is a one-time code sent to the phone of a job. Only its keyed hash is
// kept.
type Code struct {
	ID        int64 `gorm:"primaryKey"`
	JobID     int64
	Purpose   string
	Phone     string
	Hash      string
	Tries     int
	CreatedAt db.Time
	ExpiresAt db.Time
	UsedAt    db.Time
}

// SendCode sends a one-time code of six digits for a purpose to the phone of a
// job by SMS; an earlier one for that purpose no longer counts. It may join the
// caller's transaction. Conflict "fault.no_address" where the job has no phone;
// TooMany "fault.code_wait" or "fault.code_limit" where codes were asked for too
// often.
func (d *Desk) SendCode(ctx context.Context, jobID int64, purpose string) error {
	return d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, jobID)
		if err != nil {
			return err
		}
		return d.sendCode(ctx, j, purpose)
	})
}

// sendCode is SendCode on a locked job.
func (d *Desk) sendCode(ctx context.Context, j *Job, purpose string) error {
	phone := codePhone(j)
	if phone == "" {
		return fault.New(fault.Conflict, "fault.no_address").With("channel", string(notify.SMS))
	}
	if err := d.mayGetCode(ctx, j, phone); err != nil {
		return err
	}
	digits, err := newCode()
	if err != nil {
		return err
	}
	c := Code{JobID: j.ID, Purpose: purpose, Phone: phone, CreatedAt: d.now(), ExpiresAt: db.At(d.now().Add(CodeLife))}
	if c.Hash, err = d.codeHash(ctx, &c, digits); err != nil {
		return err
	}
	if err := d.insertCode(ctx, &c); err != nil {
		return err
	}
	// A code that is still queued has been replaced.
	if _, err := d.notify.Suppress(ctx, j.Subject(), "a newer code has been sent", "code"); err != nil {
		return fmt.Errorf("drop the older code of job %d: %w", j.ID, err)
	}
	return d.tellCode(ctx, j, c, digits)
}

// tellCode queues the text with a code. Pages show it without the digits.
func (d *Desk) tellCode(ctx context.Context, j *Job, c Code, digits string) error {
	out := d.outgoing(j, telling{occasion: "code", expires: c.ExpiresAt.Time})
	out.Version, out.Channel, out.To = 0, notify.SMS, c.Phone
	data, err := d.textData(ctx, j, telling{}, notify.SMS)
	data.Code = digits
	if err == nil {
		_, out.Body, err = d.Compose(ctx, j.Workshop, notify.SMS, j.Locale, "code", data)
	}
	if err != nil {
		return fmt.Errorf("write the code of job %d: %w", j.ID, err)
	}
	data.Code = "••••••"
	if _, out.Shown, err = d.Compose(ctx, j.Workshop, notify.SMS, j.Locale, "code", data); err != nil {
		return fmt.Errorf("write the code of job %d: %w", j.ID, err)
	}
	if err := d.keepPage(ctx, j, telling{}, out); err != nil {
		return err
	}
	if _, err := d.notify.Send(ctx, out); err != nil {
		return fmt.Errorf("queue the code of job %d: %w", j.ID, err)
	}
	d.ring(ctx, j.WorkshopID, j.ID)
	return nil
}

// codePhone is where codes of a job go: the number on file, else the one given
// for the visit.
func codePhone(j *Job) string {
	if j.Customer != nil && j.Customer.Phone != "" {
		return j.Customer.Phone
	}
	return j.ContactPhone
}

// mayGetCode bounds how often a phone is sent a code, whoever asks.
func (d *Desk) mayGetCode(ctx context.Context, j *Job, phone string) error {
	now := d.now()
	recent, err := d.codesOfPhone(ctx, phone, now.Add(-time.Hour))
	if err != nil || len(recent) == 0 {
		return err
	}
	seconds := func(wait time.Duration) int { return int((wait + time.Second - 1) / time.Second) }
	if len(recent) >= codesPerHour {
		wait := time.Hour - now.Sub(recent[len(recent)-codesPerHour].CreatedAt.Time)
		e := fault.New(fault.TooMany, "fault.code_limit")
		e.RetryAfter = seconds(wait)
		return e.With("minutes", templates.Minutes(j.Locale, (e.RetryAfter+59)/60))
	}
	if last := recent[len(recent)-1]; last.JobID == j.ID && now.Sub(last.CreatedAt.Time) < codePause {
		e := fault.New(fault.TooMany, "fault.code_wait")
		e.RetryAfter = seconds(codePause - now.Sub(last.CreatedAt.Time))
		return e.With("seconds", e.RetryAfter)
	}
	return nil
}

// CheckCode takes a code that somebody read from the phone of a job. A right one
// is used up and noted on the timeline. Forbidden "fault.code_wrong" tells how
// many tries are left (argument "left"); Forbidden "fault.code_expired" means
// that a new one must be sent. Call it outside any transaction: a failed try
// must be counted whatever happens to the caller's.
func (d *Desk) CheckCode(ctx context.Context, jobID int64, purpose, code string) error {
	return d.checkCode(ctx, jobID, purpose, code, Actor{Kind: "customer"}, nil)
}

// checkCode is CheckCode on behalf of somebody; then runs in the transaction
// that uses the code up.
func (d *Desk) checkCode(ctx context.Context, jobID int64, purpose, code string, a Actor, then func(context.Context, *Job) error) error {
	if d.db.InTx(ctx) {
		return errCodeInTx
	}
	var refused error
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, jobID)
		if err != nil {
			return err
		}
		if refused, err = d.tryCode(ctx, j, purpose, code); err != nil || refused != nil {
			return err
		}
		if err := d.event(ctx, j, a, JobEvent{Kind: EventVerification, Channel: string(notify.SMS), State: purpose}); err != nil {
			return err
		}
		d.ring(ctx, j.WorkshopID, j.ID)
		if then == nil {
			return nil
		}
		return then(ctx, j)
	})
	if err != nil {
		return err
	}
	return refused
}

// errCodeInTx is a mistake in the calling code.
var errCodeInTx = fmt.Errorf("a code is checked outside any transaction, so that a failed try is counted")

// tryCode compares a code with the newest of its purpose. refused is what to
// answer, with the try counted; err what went wrong.
func (d *Desk) tryCode(ctx context.Context, j *Job, purpose, code string) (refused, err error) {
	expired := fault.New(fault.Forbidden, "fault.code_expired")
	c, err := d.newestCode(ctx, j.ID, purpose)
	if err != nil {
		return nil, err
	}
	if c == nil || !c.UsedAt.IsZero() || !c.ExpiresAt.After(d.now().Time) || c.Tries >= codeTries {
		return expired, nil
	}
	right, err := d.isCode(ctx, c, code)
	if err != nil {
		return nil, err
	}
	if right {
		c.UsedAt = d.now()
	}
	c.Tries++
	if err := d.saveCode(ctx, c); err != nil {
		return nil, err
	}
	switch left := codeTries - c.Tries; {
	case right:
		return nil, nil
	case left == 0:
		return expired, nil
	default:
		return fault.New(fault.Forbidden, "fault.code_wrong").With("left", left), nil
	}
}

// isCode compares what somebody read with a code, in constant time.
func (d *Desk) isCode(ctx context.Context, c *Code, read string) (bool, error) {
	hash, err := d.codeHash(ctx, c, onlyDigits(read))
	return hmac.Equal([]byte(hash), []byte(c.Hash)), err
}

// codeHash is the keyed hash of a code: six digits alone would be guessed from
// a plain hash at once. What it is for is part of it.
func (d *Desk) codeHash(ctx context.Context, c *Code, digits string) (string, error) {
	key, err := d.db.Secret(ctx, "code")
	if err != nil {
		return "", fmt.Errorf("get the key of codes: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%d\n%s\n%s\n%d\n%s", c.JobID, c.Purpose, c.Phone, c.CreatedAt.UnixMicro(), digits)
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// newCode draws six digits.
func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("draw a code: %w", err)
	}
	return fmt.Sprintf("%06d", n.Int64()), nil
}
