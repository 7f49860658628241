package web

import (
	"context"
	"time"

	"neuvo/booking"
)

// codeIn is a one-time code as it was read from a text.
type codeIn struct {
	Code string `json:"code" minLength:"1" maxLength:"20" doc:"six digits"`
}

type confirmIn struct {
	Token string `path:"token"`
	Body  codeIn
}

// postConfirm takes the code of an unconfirmed booking.
func (s *Server) postConfirm(ctx context.Context, in *confirmIn) (*body[BookingOut], error) {
	j, err := s.opt.Desk.Confirm(ctx, in.Token, in.Body.Code)
	if err != nil {
		return nil, err
	}
	return &body[BookingOut]{s.bookingShape(j)}, nil
}

// postResend sends the code of an unconfirmed booking once more.
func (s *Server) postResend(ctx context.Context, in *tokenIn) (*body[BookingOut], error) {
	j, err := s.opt.Desk.SendConfirmation(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	return &body[BookingOut]{s.bookingShape(j)}, nil
}

type verificationOut struct {
	Phone     string    `json:"phone" doc:"the end of the number the code went to"`
	ExpiresIn int       `json:"expires_in" doc:"seconds"`
	SentAt    time.Time `json:"sent_at"`
}

// postVerification sends a code to the phone on file of a job.
func (s *Server) postVerification(ctx context.Context, in *idIn) (*body[verificationOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	phone, err := s.opt.Desk.SendVerification(ctx, j.ID)
	if err != nil {
		return nil, err
	}
	return &body[verificationOut]{verificationOut{
		Phone: phoneEnd(phone), ExpiresIn: int(booking.CodeLife.Seconds()), SentAt: s.opt.Now().In(zoneOf(j)),
	}}, nil
}

type verifyIn struct {
	ID   string `path:"id"`
	Body codeIn
}

type verifiedOut struct {
	VerifiedAt time.Time `json:"verified_at"`
	VerifiedBy string    `json:"verified_by" doc:"the member of staff it was read to"`
}

// postVerify takes the code that the customer read out at the desk.
func (s *Server) postVerify(ctx context.Context, in *verifyIn) (*body[verifiedOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	who := actorOf(callerOf(ctx).staff)
	if err := s.opt.Desk.ConfirmVerification(ctx, j.ID, in.Body.Code, who); err != nil {
		return nil, err
	}
	return &body[verifiedOut]{verifiedOut{VerifiedAt: s.opt.Now().In(zoneOf(j)), VerifiedBy: who.Name}}, nil
}

// phoneEnd is as much of a number as it takes to know it by.
func phoneEnd(phone string) string {
	return "…" + phone[max(0, len(phone)-4):]
}
