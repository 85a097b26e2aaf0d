package licensing_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/licensing"
)

// working lists, of the seats, who may work; in the order of assignment.
func (in installation) working(t *testing.T) (users []string) {
	t.Helper()
	for _, seat := range must(in.Seats(t.Context()))(t) {
		err := in.another(t).Allow(t.Context(), seat.UserID)
		if (err == nil) != seat.InForce {
			t.Errorf("%s: in force %v, but Allow says %v", seat.UserID, seat.InForce, err)
		}
		if seat.InForce {
			users = append(users, seat.UserID)
		}
	}
	return users
}

func TestSeatsAreNamedUsers(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		in.activated(t, 3)
		if err := in.AssignSeat(t.Context(), "admin", "9"); err != nil {
			t.Fatal(err)
		}
		in.seated(t, "7", "7", "8", "9")
		want := []licensing.Seat{
			{UserID: "9", Since: noon, LastSeen: noon.Add(4 * time.Second), AssignedBy: "admin", InForce: true},
			{UserID: "7", Since: noon.Add(time.Second), LastSeen: noon.Add(2 * time.Second), InForce: true},
			{UserID: "8", Since: noon.Add(3 * time.Second), LastSeen: noon.Add(3 * time.Second), InForce: true},
		}
		if diff := cmp.Diff(want, must(in.Seats(t.Context()))(t)); diff != "" {
			t.Errorf("seats (-want +got):\n%s", diff)
		}
		if err := in.AssignSeat(t.Context(), "admin", "9"); err != nil {
			t.Errorf("assigning once more: %v", err)
		}
		for _, call := range []error{in.TakeSeat(t.Context(), "10"), in.AssignSeat(t.Context(), "admin", "10")} {
			if !errors.Is(call, licensing.ErrSeatLimit) {
				t.Errorf("a fourth user: err = %v, want ErrSeatLimit", call)
			}
		}
	})
}

func TestUsersThatLookAlikeAreDifferent(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		in.activated(t, 3)
		in.seated(t, "a", "A", "a ")
		if got := in.working(t); len(got) != 3 {
			t.Errorf("working = %q, want three users", got)
		}
	})
}

func TestAReleasedSeatGoesToTheNext(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		in.activated(t, 1)
		in.seated(t, "7")
		for range 2 { // the second time they have none
			if err := in.ReleaseSeat(t.Context(), "admin", "7"); err != nil {
				t.Fatal(err)
			}
		}
		if err := in.Allow(t.Context(), "7"); !errors.Is(err, licensing.ErrSeatLimit) {
			t.Errorf("after release: %v, want ErrSeatLimit", err)
		}
		in.seated(t, "8")
		if got := in.working(t); !cmp.Equal(got, []string{"8"}) {
			t.Errorf("working = %v, want 8", got)
		}
	})
}

func TestASmallerLicenseKeepsTheSeatsAssignedFirst(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		in.activated(t, 6)
		in.seated(t, "a", "b", "c", "d", "e", "f")
		in.activated(t, 2)

		status := must(in.Status(t.Context()))(t)
		if status.SeatsUsed != 6 || status.SeatsTotal != 2 || status.SeatsOver != 4 || !strings.Contains(status.Message, "release 4") {
			t.Errorf("status = %+v, want 6 of 2, over by 4", status)
		}
		if got := in.working(t); !cmp.Equal(got, []string{"a", "b"}) {
			t.Errorf("working = %v, want the two assigned first", got)
		}
		for _, user := range []string{"e", "new"} {
			if err := in.TakeSeat(t.Context(), user); !errors.Is(err, licensing.ErrSeatLimit) {
				t.Errorf("%s signs in: err = %v, want ErrSeatLimit", user, err)
			}
		}

		for _, release := range []struct {
			user string
			want []string
		}{
			{"d", []string{"a", "b"}}, // over: changes nothing for others
			{"a", []string{"b", "c"}}, // in force: the longest waiting follows
		} {
			if err := in.ReleaseSeat(t.Context(), "admin", release.user); err != nil {
				t.Fatal(err)
			}
			if got := in.working(t); !cmp.Equal(got, release.want) {
				t.Errorf("after releasing %s: %v, want %v", release.user, got, release.want)
			}
		}

		in.activated(t, 4)
		if got := in.working(t); !cmp.Equal(got, []string{"b", "c", "e", "f"}) {
			t.Errorf("with a larger license: %v, want everybody", got)
		}
	})
}

func TestSeatsSurviveATimeWithoutLicense(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		in.activated(t, 2)
		in.seated(t, "a", "b")
		if err := in.Deactivate(t.Context(), "admin"); err != nil {
			t.Fatal(err)
		}
		status := must(in.Status(t.Context()))(t)
		if status.SeatsUsed != 2 || status.SeatsOver != 0 {
			t.Errorf("status = %+v, want two seats kept and none called over", status)
		}
		if err := in.ReleaseSeat(t.Context(), "admin", "a"); err != nil {
			t.Errorf("releasing without a license: %v", err)
		}
		in.activated(t, 2)
		if got := in.working(t); !cmp.Equal(got, []string{"b"}) {
			t.Errorf("working = %v, want b", got)
		}
	})
}

func TestIdsTheTablesWouldCutOffAreRefused(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		l := in.activated(t, 2)
		for _, id := range []string{"", strings.Repeat("x", 65)} {
			_, activate := in.Activate(t.Context(), id, l.Document)
			for name, err := range map[string]error{
				"TakeSeat":       in.TakeSeat(t.Context(), id),
				"AssignSeat to":  in.AssignSeat(t.Context(), "admin", id),
				"AssignSeat by":  in.AssignSeat(t.Context(), id, "7"),
				"ReleaseSeat by": in.ReleaseSeat(t.Context(), id, "7"),
				"Deactivate by":  in.Deactivate(t.Context(), id),
				"Activate by":    activate,
			} {
				if err == nil {
					t.Errorf("%s with an id of %d bytes: no error", name, len(id))
				}
			}
		}
		if err := in.TakeSeat(t.Context(), strings.Repeat("x", 64)); err != nil {
			t.Errorf("64 bytes: %v", err)
		}
	})
}

func TestNeverMoreSeatsThanLicensed(t *testing.T) {
	const users, seats = 32, 10
	each(t, func(t *testing.T, in installation) {
		in.activated(t, seats)
		instances := []*licensing.Service{in.another(t), in.another(t)}
		errs := together(users, func(i int) error {
			return instances[i%2].TakeSeat(t.Context(), fmt.Sprint("user-", i))
		})
		taken := 0
		for i, err := range errs {
			switch {
			case err == nil:
				taken++
			case !errors.Is(err, licensing.ErrSeatLimit):
				t.Errorf("user %d: %v", i, err)
			}
		}
		if got := in.working(t); taken != seats || len(got) != seats {
			t.Errorf("%d took a seat and %d work, want %d", taken, len(got), seats)
		}
	})
}

func TestOneUserSigningInManyTimesTakesOneSeat(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		in.activated(t, 5)
		instances := []*licensing.Service{in.another(t), in.another(t)}
		for _, err := range together(16, func(i int) error { return instances[i%2].TakeSeat(t.Context(), "7") }) {
			if err != nil {
				t.Error(err)
			}
		}
		if got := must(in.Status(t.Context()))(t).SeatsUsed; got != 1 {
			t.Errorf("%d seats, want 1", got)
		}
	})
}

func TestSeatsHoldWhileEverythingChangesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		small := in.license(t, func(terms *licensing.Terms) { terms.Users = 3 })
		in.activated(t, 8)
		in.seated(t, "a", "b", "c", "d", "e", "f", "g", "h")
		instances := []*licensing.Service{in.another(t), in.another(t)}
		errs := together(24, func(i int) error {
			s := instances[i%2]
			switch i % 3 {
			case 0:
				return s.ReleaseSeat(t.Context(), "admin", string(rune('a'+i/3)))
			case 1:
				return s.TakeSeat(t.Context(), fmt.Sprint("late-", i))
			default:
				_, err := s.Activate(t.Context(), "admin", small.Document)
				return err
			}
		})
		for i, err := range errs {
			if err != nil && !errors.Is(err, licensing.ErrSeatLimit) {
				t.Errorf("call %d: %v", i, err)
			}
		}
		in.clock.advance(time.Second)
		if got := in.working(t); len(got) > 3 {
			t.Errorf("%d work under a license for 3: %v", len(got), got)
		}
		active := 0
		for _, a := range must(in.History(t.Context()))(t) {
			if a.EndedAt.IsZero() {
				active++
			}
		}
		if active != 1 {
			t.Errorf("%d licenses are active, want 1", active)
		}
	})
}

// together calls f for 0 to n-1 at the same time and returns the errors in that order.
func together(n int, f func(int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}
