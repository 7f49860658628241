package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// registerPages puts every page's routes on the server. A GET never acts; each
// POST ends in a redirect or shows its form again with what is to be mended.
func registerPages(e *echo.Echo, s *Server) {
	e.GET("/", func(c echo.Context) error { return c.Redirect(http.StatusFound, "/book") })

	e.GET("/book", s.pageBook)
	e.POST("/book/time", s.pageBookTime)
	e.POST("/book", s.pageBookSubmit)
	e.GET("/book/wait", s.pageJoin)
	e.POST("/book/wait", s.pageJoinSubmit)
	e.GET("/w/:token", s.pageWait)
	e.POST("/w/:token", s.pageWaitAct)

	e.GET("/j/:token", s.pageJob)
	e.POST("/j/:token/confirm", s.pageJobConfirm)
	e.POST("/j/:token/code", s.pageJobResend)
	e.GET("/j/:token/move", s.pageJobMove)
	e.POST("/j/:token/move", s.pageJobMoveSubmit)
	e.GET("/j/:token/cancel", s.pageJobCancel)
	e.POST("/j/:token/cancel", s.pageJobCancelSubmit)
	e.POST("/j/:token/messages", s.pageJobWrite)
	e.POST("/j/:token/callback", s.pageJobCallback)

	e.GET("/j/:token/estimate/:id", s.pageEstimate)
	e.POST("/j/:token/estimate/:id", s.pageEstimateSubmit)

	e.GET("/s/:token", s.pageSurvey)
	e.POST("/s/:token", s.pageSurveySubmit)

	e.GET("/desk/sign-in", s.pageSignIn)
	e.POST("/desk/sign-in", s.pageSignInSubmit)
	e.POST("/desk/sign-out", s.pageSignOut)

	desk := e.Group("/desk", s.requireStaff)
	desk.GET("", s.pageBoard)
	desk.POST("/attentions/:id/done", s.pageAttentionDone)
	desk.GET("/book", s.pageDeskBook)
	desk.POST("/book", s.pageDeskBookSubmit)
	desk.GET("/absences", s.pageAbsences)
	desk.POST("/absences", s.pageAbsencesSubmit)
	desk.GET("/absences/:id", s.pageAbsence)
	desk.POST("/absences/:id/resolve", s.pageAbsenceResolve)
	desk.POST("/absences/:id/remove", s.pageAbsenceEnd)
	desk.GET("/at-risk", s.pageAtRisk)
	desk.POST("/at-risk/:id", s.pageAtRiskSubmit)
	desk.GET("/waitlist", s.pageDeskWaitlist)
	desk.POST("/waitlist/:id", s.pageDeskWaitAct)
	desk.GET("/jobs/:id/move", s.pageDeskMove)
	desk.POST("/jobs/:id/move", s.pageDeskMoveSubmit)
	desk.GET("/inbox", s.pageInbox)
	desk.POST("/inbox/:id/assign", s.pageInboxAssign)
	desk.POST("/inbox/:id/dismiss", s.pageInboxDismiss)
	desk.GET("/satisfaction", s.pageSatisfaction)
	desk.GET("/satisfaction/export", s.pageSatisfactionExport)
	desk.GET("/feed", s.pageFeeds)
	desk.POST("/feed/:id", s.pageFeedSubmit)
	desk.GET("/jobs/:id", s.pageDeskJob)
	desk.POST("/jobs/:id/verification", s.pageDeskVerify)
	desk.POST("/jobs/:id/status", s.pageDeskStatus)
	desk.POST("/jobs/:id/messages", s.pageDeskWrite)
	desk.POST("/jobs/:id/notes", s.pageDeskNote)
	desk.POST("/jobs/:id/handover", s.pageDeskHandover)
	desk.POST("/jobs/:id/cancel", s.pageDeskCancel)
	desk.GET("/jobs/:id/estimate", s.pageDeskEstimate)
	desk.POST("/jobs/:id/estimate", s.pageDeskEstimateSubmit)
	desk.POST("/jobs/:id/final-price", s.pageDeskFinalPrice)
	desk.POST("/jobs/:id/vehicle", s.pageDeskVehicle)
	desk.GET("/vehicles/:id", s.pageVehicle)
	desk.POST("/promises/:id/attempts", s.pageDeskAttempt)

	settings := desk.Group("/settings", s.requireManager)
	settings.GET("", s.pageSettings)
	settings.POST("/hours", s.pageSettingsHours)
	settings.POST("/survey", s.pageSettingsSurvey)
	settings.POST("/closures", s.pageSettingsClosure)
	settings.POST("/closures/:id/remove", s.pageSettingsClosureRemove)
	settings.GET("/advisors/new", s.pageSettingsAdvisor)
	settings.POST("/advisors/new", s.pageSettingsAdvisorSubmit)
	settings.GET("/advisors/:id", s.pageSettingsAdvisor)
	settings.POST("/advisors/:id", s.pageSettingsAdvisorSubmit)
	settings.GET("/services/new", s.pageSettingsService)
	settings.POST("/services/new", s.pageSettingsServiceSubmit)
	settings.GET("/services/:id", s.pageSettingsService)
	settings.POST("/services/:id", s.pageSettingsServiceSubmit)
}
