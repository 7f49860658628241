package web

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"neuvo/booking"
)

// routes puts every route on the server. What happens around a request comes
// first, from the outside in.
func (s *Server) routes() {
	e := s.echo
	e.Use(s.observe, compressed(), s.recovered, s.hardened, s.bounded, s.loadSession,
		s.sameOrigin, s.withCaller, s.limitForms, s.idempotent, s.remember)

	e.GET("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	e.GET("/metrics", echo.WrapHandler(s.metrics.handler()))
	e.GET("/static/*", s.static())
	e.GET("/photos/:token", s.photo)
	e.GET("/favicon.ico", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })

	api := newAPI(e, s.opt.Version, s.opt.BaseURL)
	s.publicCalls(api)
	s.staffCalls(api)
	s.settingsCalls(api)
	s.calendarCalls(api)
	describeHooks(api)
	e.GET("/openapi.json", s.openAPI(api))
	e.GET("/docs", s.docs(api))

	e.GET("/calendar/:file", s.calendarFile)
	e.GET("/desk/events", s.events, s.requireStaff)
	registerPages(e, s)
	s.hooks()
	if s.opt.Demo != nil {
		demo := echo.WrapHandler(s.opt.Demo)
		e.Any("/demo", demo)
		e.Any("/demo/*", demo)
	}
}

// publicCalls are for customers and partners.
func (s *Server) publicCalls(api huma.API) {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	call(s, api, forAll, get, "/workshops", 200, "list-workshops", "Workshops", s.listWorkshops)
	call(s, api, forAll, get, "/services", 200, "list-services", "What can be booked", s.listServices)
	call(s, api, forAll, get, "/advisors", 200, "list-advisors", "Who can be booked with", s.listAdvisors)
	call(s, api, forAll, get, "/availability", 200, "availability", "Starts that are free", s.availability)
	call(s, api, forAll, get, "/availability/why", 200, "why-available", "Why a start is offered or not", s.why)
	call(s, api, forAll, post, "/holds", 201, "hold", "Keep a start while the customer types", s.postHold)
	call(s, api, forAll, post, "/bookings", 201, "book", "Book", s.postBooking)[moreWrong] = s.wrongBody(booking.SourceWeb)
	call(s, api, forAll, get, "/bookings/{token}", 200, "get-booking", "A booking", s.getBooking)
	call(s, api, forAll, post, "/bookings/{token}/confirm", 200, "confirm-booking", "Prove the phone of a booking with the code sent to it", s.postConfirm)
	call(s, api, forAll, post, "/bookings/{token}/code", 200, "resend-code", "Send that code once more", s.postResend)
	call(s, api, forAll, post, "/waitlist", 201, "join-waitlist", "Hear when a time becomes free", s.postWait)
	call(s, api, forAll, patch, "/bookings/{token}", 200, "change-booking", "Move a booking", s.patchBooking)
	call(s, api, forAll, del, "/bookings/{token}", 204, "cancel-booking", "Cancel a booking", s.deleteBooking)
	call(s, api, forAll, post, "/bookings/{token}/messages", 201, "write-to-desk", "Write to the advisor", s.postBookingMessage)
	call(s, api, forAll, post, "/bookings/{token}/consents", 200, "set-consents", "Change what the customer wants to hear", s.postBookingConsents)
	call(s, api, forAll, post, "/bookings/{token}/callback", 201, "ask-callback", "Ask to be called", s.postCallback)
	call(s, api, forAll, post, "/bookings/{token}/estimates/{id}/decision", 200, "decide-estimate", "Answer a proposal line by line", s.postDecision)
	call(s, api, forAll, post, "/bookings/{token}/sorted", 204, "answer-sorted", "Tell whether what went wrong has been put right", s.postSorted)
	call(s, api, forAll, get, "/surveys/{token}", 200, "get-survey", "The question after a visit", s.getSurvey)
	call(s, api, forAll, post, "/surveys/{token}", 200, "answer-survey", "Answer it", s.postSurvey)
}

// staffCalls are for the desk.
func (s *Server) staffCalls(api huma.API) {
	const get, post = http.MethodGet, http.MethodPost
	call(s, api, forStaff, get, "/jobs", 200, "list-jobs", "Jobs", s.listJobs)
	call(s, api, forStaff, post, "/jobs", 201, "create-job", "Book at the desk or on the phone", s.postJob)[moreWrong] = s.wrongBody(booking.SourceDesk)
	call(s, api, forStaff, get, "/jobs/{id}", 200, "get-job", "A job", s.getJob)
	call(s, api, forStaff, post, "/jobs/{id}/transitions", 200, "move-job", "Move a job along", s.postTransition)
	call(s, api, forStaff, get, "/jobs/{id}/timeline", 200, "job-timeline", "All that happened on a job", s.getTimeline)
	call(s, api, forStaff, post, "/jobs/{id}/messages", 201, "write-to-customer", "Write to the customer", s.postJobMessage)
	call(s, api, forStaff, post, "/jobs/{id}/notes", 201, "note-job", "Leave a note for colleagues", s.postNote)
	call(s, api, forStaff, post, "/jobs/{id}/verification", 200, "send-verification", "Send a code to the customer's phone on file", s.postVerification)
	call(s, api, forStaff, post, "/jobs/{id}/verification/confirm", 200, "confirm-verification", "Take the code that the customer read out", s.postVerify)
	call(s, api, forStaff, post, "/jobs/{id}/handover", 200, "hand-over-job", "Hand a job to another advisor", s.postHandover)
	call(s, api, forStaff, post, "/jobs/{id}/photos", 201, "add-photo", "Add a photo to a job", s.postPhoto)
	call(s, api, forStaff, get, "/jobs/{id}/photos", 200, "list-photos", "The photos of a job", s.listPhotos)
	call(s, api, forStaff, post, "/jobs/{id}/estimates", 201, "propose-estimate", "Propose extra work", s.postEstimate)
	call(s, api, forStaff, get, "/jobs/{id}/estimates", 200, "list-estimates", "All that was proposed on a job", s.listEstimates)
	call(s, api, forStaff, post, "/jobs/{id}/final-price", 200, "set-final-price", "Record what the proposed work cost", s.postFinalPrice)
	call(s, api, forStaff, http.MethodPatch, "/jobs/{id}/vehicle", 200, "set-job-vehicle", "Record what is known of a job's vehicle", s.patchJobVehicle)
	call(s, api, forStaff, get, "/vehicles", 200, "list-vehicles", "Vehicles by plate or VIN", s.listVehicles)
	call(s, api, forStaff, get, "/vehicles/{id}/history", 200, "vehicle-history", "The visits of a vehicle, under whatever owner", s.vehicleHistory)
	call(s, api, forStaff, get, "/plates", 200, "look-up-plate", "Ask the plate register", s.lookUpPlate)
	call(s, api, forStaff, http.MethodPatch, "/jobs/{id}", 200, "change-job", "Record what the customer wants to hear", s.patchJob)
	call(s, api, forStaff, get, "/jobs/{id}/consents", 200, "list-consents", "What the customer has agreed to or turned down: when, how, from where and to which words", s.listConsents)
	call(s, api, forStaff, get, "/jobs/{id}/send-time", 200, "send-time", "When a text to the customer would go", s.getSendTime)
	call(s, api, forStaff, get, "/messages", 200, "list-messages", "Messages that did not arrive", s.listUndelivered)
	call(s, api, forStaff, post, "/messages/{id}/retry", 201, "retry-message", "Send a message that did not arrive again", s.postRetry)
	call(s, api, forStaff, post, "/messages/{id}/settled", 200, "settle-message", "Say that a message that did not arrive is dealt with", s.postSettled)
	call(s, api, forStaff, get, "/messages/{id}", 200, "get-message", "A message and how it fared", s.getMessage)
	call(s, api, forStaff, post, "/messages/{id}/move", 200, "move-message", "Put what a customer wrote on another job", s.postMoveMessage)
	call(s, api, forStaff, post, "/messages/{id}/sender", 204, "confirm-sender", "Take a message's sender for the customer's own address", s.postConfirmSender)
	call(s, api, forStaff, get, "/customers", 200, "list-customers", "Customers, in the order in which they came first", s.listCustomers)
	call(s, api, forStaff, get, "/customers/{id}", 200, "get-customer", "A customer", s.getCustomer)
	call(s, api, forManagers, get, "/customers/{id}/export", 200, "export-customer", "Everything that is held of a customer, with the messages, surveys, consents and photos of every visit", s.exportCustomer)
	call(s, api, forManagers, http.MethodDelete, "/customers/{id}", 204, "erase-customer", "Forget a customer; what was done and when stays without the person", s.deleteCustomer)
	call(s, api, forStaff, get, "/cases", 200, "list-cases", "Recoveries: what went wrong for a customer and who owns it", s.listCases)
	call(s, api, forStaff, get, "/cases/{id}", 200, "get-case", "A case", s.getCase)
	call(s, api, forStaff, post, "/cases/{id}/acknowledge", 200, "acknowledge-case", "Take a case", s.postCaseAcknowledge)
	call(s, api, forStaff, post, "/cases/{id}/ask", 200, "ask-case", "Ask the customer by text whether it is sorted", s.postCaseAsk)
	call(s, api, forStaff, post, "/cases/{id}/owner", 200, "give-case", "Give a case to another advisor", s.postCaseOwner)
	call(s, api, forManagers, post, "/cases/{id}/dismiss", 200, "dismiss-case", "Close what was no case, with the reason", s.postCaseDismiss)
	call(s, api, forStaff, post, "/promises/{id}/announce", 200, "announce-call", "Text the customer that the promised call comes now", s.postAnnounce)
	call(s, api, forStaff, get, "/promises", 200, "list-promises", "Promises given to customers", s.listPromises)
	call(s, api, forStaff, post, "/promises", 201, "promise-callback", "Promise a call", s.postPromise)
	call(s, api, forStaff, post, "/promises/{id}/attempts", 201, "attempt-promise", "Tell how a call went", s.postAttempt)
	call(s, api, forStaff, get, "/inbox", 200, "list-inbox", "Messages that could not be placed", s.listInbox)
	call(s, api, forStaff, post, "/inbox/{id}/assign", 200, "assign-inbound", "Place a message on a job", s.postAssign)
	call(s, api, forStaff, post, "/inbox/{id}/dismiss", 204, "dismiss-inbound", "Put a message away", s.postDismiss)
	call(s, api, forStaff, get, "/waitlist", 200, "list-waitlist", "The waiting list: who waits, what is held, what they wrote", s.listWaitlist)
	call(s, api, forStaff, post, "/waitlist/{id}", 200, "act-on-waitlist", "Do for somebody on the list what he or she told the desk", s.postWaitAct)
	call(s, api, forStaff, get, "/surveys", 200, "list-surveys", "Surveys and their answers", s.listSurveys)
	call(s, api, forStaff, get, "/reports/promises", 200, "promise-rates", "How well promises to customers are kept; an advisor sees his or her own", s.getPromiseRates)
	call(s, api, forStaff, get, "/reports/handovers", 200, "handovers", "How often customers were handed on inside the house; an advisor sees his or her own", s.getHandovers)
	call(s, api, forStaff, get, "/reports/satisfaction", 200, "satisfaction", "How content customers are, with intervals; an advisor sees his or her own", s.getSatisfaction)
}

// textRoute names a text.
const textRoute = "/texts/{occasion}/{locale}/{channel}"

// settingsCalls are for managers; reading is for all at the desk.
func (s *Server) settingsCalls(api huma.API) {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	desk := s.opt.Desk
	call(s, api, forStaff, get, "/workshops/{id}", 200, "get-workshop", "A workshop as it is set", s.getWorkshop)
	call(s, api, forAdmins, post, "/workshops", 201, "add-workshop", "Open a workshop", s.postWorkshop)
	call(s, api, forManagers, patch, "/workshops/{id}", 200, "change-workshop", "Change a workshop", s.patchWorkshop)
	call(s, api, forAdmins, del, "/workshops/{id}", 204, "remove-workshop", "Close a workshop for good", s.removed(desk.RemoveWorkshop))
	call(s, api, forStaff, get, "/services/{id}", 200, "get-service", "A service as it is set", s.getService)
	call(s, api, forManagers, post, "/services", 201, "add-service", "Offer a service", s.postService)
	call(s, api, forManagers, patch, "/services/{id}", 200, "change-service", "Change a service", s.patchService)
	call(s, api, forManagers, del, "/services/{id}", 204, "remove-service", "Offer a service no more", s.removed(desk.RemoveService))
	call(s, api, forStaff, get, "/advisors/{id}", 200, "get-advisor", "An advisor as set", s.getAdvisor)
	call(s, api, forManagers, post, "/advisors", 201, "add-advisor", "Take on an advisor", s.postAdvisor)
	call(s, api, forManagers, patch, "/advisors/{id}", 200, "change-advisor", "Change an advisor", s.patchAdvisor)
	call(s, api, forManagers, del, "/advisors/{id}", 204, "remove-advisor", "Let an advisor go", s.removed(desk.RemoveAdvisor))
	call(s, api, forStaff, get, "/resources", 200, "list-resources", "Bays and loaners", s.listResources)
	call(s, api, forStaff, get, "/resources/{id}", 200, "get-resource", "A bay or a loaner", s.getResource)
	call(s, api, forManagers, post, "/resources", 201, "add-resource", "Add a bay or a loaner", s.postResource)
	call(s, api, forManagers, patch, "/resources/{id}", 200, "change-resource", "Change a bay or a loaner", s.patchResource)
	call(s, api, forManagers, del, "/resources/{id}", 204, "remove-resource", "Remove a bay or a loaner", s.removed(desk.RemoveResource))
	call(s, api, forStaff, get, "/pools", 200, "list-pools", "Labour by skill", s.listPools)
	call(s, api, forStaff, get, "/pools/{id}", 200, "get-pool", "The labour of a skill", s.getPool)
	call(s, api, forManagers, post, "/pools", 201, "add-pool", "Bound the labour of a skill", s.postPool)
	call(s, api, forManagers, patch, "/pools/{id}", 200, "change-pool", "Change the labour of a skill", s.patchPool)
	call(s, api, forManagers, del, "/pools/{id}", 204, "remove-pool", "Lift the bound on a skill", s.removed(desk.RemovePool))
	call(s, api, forStaff, get, "/hours", 200, "list-hours", "Weekly hours of a workshop and its resources", s.listHours)
	call(s, api, forManagers, put, "/hours", 200, "set-hours", "Set the weekly hours of a workshop or a resource", s.putHours)
	call(s, api, forStaff, get, "/closures", 200, "list-closures", "Dates on which a workshop is closed", s.listClosures)
	call(s, api, forStaff, get, "/closures/{id}", 200, "get-closure", "A closure", s.getClosure)
	call(s, api, forManagers, post, "/closures", 201, "add-closure", "Close a workshop on some dates", s.postClosure)
	call(s, api, forManagers, patch, "/closures/{id}", 200, "change-closure", "Change a closure", s.patchClosure)
	call(s, api, forManagers, get, "/gateways", 200, "list-gateways", "What messages go through, and how it fares; which there are, and their secrets, is the operator's configuration", s.listGateways)
	call(s, api, forManagers, get, "/gateways/{name}", 200, "get-gateway", "A gateway", s.getGateway)
	call(s, api, forManagers, patch, "/gateways/{name}", 200, "change-gateway", "Pause or resume a gateway, or give it less a second", s.patchGateway)
	call(s, api, forStaff, get, "/texts", 200, "list-texts", "What a workshop says to customers", s.listTexts)
	call(s, api, forStaff, get, textRoute, 200, "get-text", "What is said on an occasion", s.getText)
	call(s, api, forManagers, put, textRoute, 200, "set-text", "Say it in the workshop's own words", s.putText)
	call(s, api, forManagers, del, textRoute, 204, "reset-text", "Say it in our words again", s.deleteText)
	call(s, api, forManagers, post, textRoute+"/preview", 200, "preview-text", "See what a text would look like and cost", s.previewText)
	call(s, api, forManagers, del, "/closures/{id}", 204, "remove-closure", "Open on those dates again", s.removed(desk.RemoveClosure))
}

// calendarCalls are about days that are not like others.
func (s *Server) calendarCalls(api huma.API) {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	call(s, api, forStaff, get, "/absences", 200, "list-absences", "Who and what is away", s.listAbsences)
	call(s, api, forStaff, post, "/absences", 201, "add-absence", "Enter an absence, or look what it would hit", s.postAbsence)
	call(s, api, forStaff, get, "/absences/{id}", 200, "get-absence", "An absence and the bookings it hits", s.getAbsence)
	call(s, api, forStaff, del, "/absences/{id}", 204, "remove-absence", "End an absence", s.deleteAbsence)
	call(s, api, forStaff, post, "/absences/{id}/resolve", 200, "resolve-absence", "Move what an absence hits to the stand-in, or offer other times", s.postResolve)
	call(s, api, forStaff, get, "/at-risk", 200, "list-at-risk", "Bookings whose start no longer fits", s.listAtRisk)
	call(s, api, forStaff, post, "/at-risk/{id}", 200, "mend-at-risk", "Decide about a booking at risk", s.postAtRisk)
	call(s, api, forStaff, get, "/holidays", 200, "list-holidays", "Public holidays of a workshop", s.listHolidays)
	call(s, api, forManagers, put, "/holidays/{date}", 204, "open-on-holiday", "Open on a public holiday", s.putHoliday)
	call(s, api, forManagers, del, "/holidays/{date}", 204, "close-on-holiday", "Stay closed on a public holiday", s.deleteHoliday)
}

// healthz tells that the program runs.
func (s *Server) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyz tells whether it can do its work; the reason goes to the log only.
func (s *Server) readyz(c echo.Context) error {
	if err := s.opt.Ready(c.Request().Context()); err != nil {
		s.log.Warn("not ready", "error", err)
		return c.String(http.StatusServiceUnavailable, "not ready\n")
	}
	return c.String(http.StatusOK, "ready\n")
}
