// Package errs holds the few kinds of failure a request can have. Each carries
// a message key that a person reads in their own language and, wrapped, the
// cause that the operator reads in the log.
package errs

import (
	"errors"
	"fmt"
)

// Kind decides the HTTP status and whether the cause is logged as our fault.
type Kind int

const (
	KindInternal Kind = iota
	KindInvalid
	KindNotFound
	KindForbidden
	KindConflict
	KindTooLarge
	KindUnavailable
	KindSignIn
	KindTooMany
	KindGone
)

// Args fills the placeholders of a message, e.g. {{.Max}}.
type Args map[string]any

// Error is a failure that a person may be told about.
type Error struct {
	Kind Kind
	// Key names the sentence in the locale files.
	Key  string
	Args Args
	// Fields holds one message per form field, by field name.
	Fields map[string]Message
	cause  error
}

// Message is a sentence by key, not yet in any language.
type Message struct {
	Key  string
	Args Args
}

func (e *Error) Error() string {
	s := e.Key
	for name, m := range e.Fields {
		s += fmt.Sprintf("; %s: %s", name, m.Key)
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.cause }

// Because records the technical cause, for the log only.
func (e *Error) Because(cause error) *Error {
	e.cause = cause
	return e
}

func newError(kind Kind, key string, args []Args) *Error {
	e := &Error{Kind: kind, Key: key}
	if len(args) > 0 {
		e.Args = args[0]
	}
	return e
}

// Invalid says that what was entered can't be accepted as it is.
func Invalid(key string, args ...Args) *Error { return newError(KindInvalid, key, args) }

// NotFound says that nothing is there, or nothing the asker may know of.
func NotFound(key string, args ...Args) *Error { return newError(KindNotFound, key, args) }

// Forbidden says that the actor lacks the permission.
func Forbidden(key string, args ...Args) *Error { return newError(KindForbidden, key, args) }

// Conflict says that the state has changed or forbids the step.
func Conflict(key string, args ...Args) *Error { return newError(KindConflict, key, args) }

// TooLarge says that an upload or text is over its limit.
func TooLarge(key string, args ...Args) *Error { return newError(KindTooLarge, key, args) }

// Unavailable says that a resource the server needs is gone for now.
func Unavailable(key string, args ...Args) *Error { return newError(KindUnavailable, key, args) }

// SignIn says that the actor must sign in first.
func SignIn(key string, args ...Args) *Error { return newError(KindSignIn, key, args) }

// TooMany says that the actor must wait before trying again.
func TooMany(key string, args ...Args) *Error { return newError(KindTooMany, key, args) }

// Gone says that something was published here and has been withdrawn.
func Gone(key string, args ...Args) *Error { return newError(KindGone, key, args) }

// KindOf returns the kind of the first Error in err's chain, KindInternal else.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// Is reports whether err is of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Fields collects the faults of a form. The zero value is ready to use.
type Fields map[string]Message

// Add notes a fault; the first one of a field stays.
func (f *Fields) Add(field, key string, args ...Args) {
	if *f == nil {
		*f = Fields{}
	}
	if _, taken := (*f)[field]; taken {
		return
	}
	m := Message{Key: key}
	if len(args) > 0 {
		m.Args = args[0]
	}
	(*f)[field] = m
}

// Err returns nil without faults, else an Invalid that carries them all.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: KindInvalid, Key: "form.invalid", Fields: f}
}

// FieldErr is Invalid for a single field.
func FieldErr(field, key string, args ...Args) error {
	var f Fields
	f.Add(field, key, args...)
	return f.Err()
}
