package licensing

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"aidanwoods.dev/go-paseto"
)

// Request is what a customer orders. As text ([Request.Text]) it goes to a partner; signed by one ([SignRequest]) it
// goes to the vendor.
type Request struct {
	Installation string `json:"installation"`
	CRMURL       string `json:"crm_url"`
	Users        int    `json:"users"`
	Product      string `json:"product"`
}

// SignedRequest is a request a certified partner put its name to.
type SignedRequest struct {
	Request
	SignedAt time.Time   `json:"iat"`
	Partner  Certificate `json:"-"`
	Document string      `json:"-"` // the signed text on one line
}

// The labels of [Request.Text], in its order.
const (
	labelInstallation = "Installation"
	labelCRMURL       = "CRM URL"
	labelUsers        = "Users"
	labelProduct      = "Product"
)

// Text is the message a customer sends to its partner. [ParseRequest] reads it back.
func (r Request) Text() string {
	return fmt.Sprintf("License request for the Outlook Mail Connector\n\n%s: %s\n%s: %s\n%s: %d\n%s: %s\n",
		labelInstallation, r.Installation, labelCRMURL, r.CRMURL, labelUsers, r.Users, labelProduct, r.Product)
}

// ParseRequest finds the four lines of [Request.Text] in a mail, quoted or with a greeting around them. It returns an
// [ErrIncomplete] that names what is missing, given twice or wrong.
func ParseRequest(text string) (Request, error) {
	found := map[string]string{}
	for line := range strings.Lines(text) {
		label, value, ok := strings.Cut(strings.TrimLeft(line, "> \t"), ":")
		switch label {
		case labelInstallation, labelCRMURL, labelUsers, labelProduct:
			if _, twice := found[label]; twice {
				return Request{}, incomplete("%s is given twice", label)
			}
			if ok {
				found[label] = strings.TrimSpace(value)
			}
		}
	}
	for _, label := range []string{labelInstallation, labelCRMURL, labelUsers, labelProduct} {
		if found[label] == "" {
			return Request{}, incomplete("the line %q is missing", label+":")
		}
	}
	users, err := strconv.Atoi(found[labelUsers])
	if err != nil {
		return Request{}, incomplete("%s is not a number", labelUsers)
	}
	r := Request{found[labelInstallation], found[labelCRMURL], users, found[labelProduct]}
	return r, r.check()
}

// SignRequest makes a partner's request for a customer. The certificate comes from [VerifyCertificate]; its key has to
// be the public half of the one given, else [ErrKey].
func SignRequest(partner PrivateKey, certificate Certificate, r Request, now time.Time) (SignedRequest, error) {
	if partner.Public() != certificate.Key {
		return SignedRequest{}, fmt.Errorf("%w: the certificate is for key %s, this is %s",
			ErrKey, certificate.Key.ID(), partner.Public().ID())
	}
	signed := SignedRequest{Request: r, SignedAt: stamp(now), Partner: certificate}
	var err error
	signed.Document, err = sign(KindRequest, partner, &signed, certificate.Document)
	if err != nil {
		return SignedRequest{}, fmt.Errorf("sign request: %w", err)
	}
	return signed, nil
}

// VerifyRequest reports what a request says if a partner signed it whom one of the vendor's keys certified. It returns
// [ErrArmour], [ErrWrongKind], [ErrUnsigned], [ErrNotCertified], [ErrNotGenuine] or [ErrIncomplete]. Whether the certificate is
// valid now, and not revoked, is for [Vendor.Issue] to ask.
func VerifyRequest(document string, vendor ...PublicKey) (SignedRequest, error) {
	body, err := unarmour(KindRequest, document)
	if err != nil {
		return SignedRequest{}, explainUnsigned(document, err)
	}
	footer, err := paseto.NewParserWithoutExpiryCheck().UnsafeParseFooter(paseto.V4Public, pasetoHeader+body)
	if err != nil {
		return SignedRequest{}, ErrNotGenuine
	}
	var r SignedRequest
	if r.Partner, err = VerifyCertificate(string(footer), vendor...); err != nil {
		return SignedRequest{}, ErrNotCertified
	}
	if r.Document, err = open(KindRequest, document, []PublicKey{r.Partner.Key}, &r); err != nil {
		return SignedRequest{}, err
	}
	return r, nil
}

// explainUnsigned tells the customer's own order from a damaged document.
func explainUnsigned(text string, err error) error {
	if _, parseErr := ParseRequest(text); errors.Is(err, ErrArmour) && parseErr == nil {
		return ErrUnsigned
	}
	return err
}

func (r *Request) check() error {
	if err := checkName("installation", r.Installation); err != nil {
		return err
	}
	if err := checkName("product", r.Product); err != nil {
		return err
	}
	if r.Users < 1 || r.Users > maxUsers {
		return incomplete("users has to be between 1 and %d", maxUsers)
	}
	if _, err := NormalizeURL(r.CRMURL); err != nil {
		return incomplete("%v", err)
	}
	return nil
}

func (r *SignedRequest) check() error {
	if r.SignedAt.IsZero() {
		return incomplete("iat is empty")
	}
	return r.Request.check()
}
