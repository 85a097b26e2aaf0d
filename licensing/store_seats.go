package licensing

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"

	"gorm.io/gorm"
)

// seatRow is one seat taken. The slot is the seat: slots up to the licensed number are in force, those above are over.
// Wherever a seat is over, every slot in force is taken; reseat, releaseSeat and takeSeat each leave it so.
type seatRow struct {
	Slot       int    `gorm:"primaryKey;autoIncrement:false"`
	UserKey    []byte // sha256 of UserID, because the database takes "7" and "7 " for equal
	UserID     string
	Assigned   int64
	AssignedBy string
	LastSeen   int64
}

func (seatRow) TableName() string { return "mc_seats" }

func userKey(userID string) []byte {
	sum := sha256.Sum256([]byte(userID))
	return sum[:]
}

// seats returns all, those assigned first at the front.
func (s store) seats(ctx context.Context) ([]seatRow, error) {
	rows, err := allSeats(s.db.Gorm(ctx))
	if err != nil {
		return nil, fmt.Errorf("read seats: %w", err)
	}
	return rows, nil
}

func (s store) countSeats(ctx context.Context) (int, error) {
	var n int64
	if err := s.db.Gorm(ctx).Model(&seatRow{}).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count seats: %w", err)
	}
	return int(n), nil
}

func allSeats(db *gorm.DB) ([]seatRow, error) {
	var rows []seatRow
	err := db.Order("assigned, slot").Find(&rows).Error
	return rows, err
}

// takeSeat gives the user of a row a slot in force, or keeps the one they have. It returns [ErrSeatLimit] when all are
// taken. The primary key decides between instances: who loses looks again.
func (s store) takeSeat(ctx context.Context, seat seatRow, licensed int) error {
	seat.UserKey = userKey(seat.UserID)
	err := s.untilFree(ctx, func(db *gorm.DB) error {
		own, err := seatOf(db, seat.UserKey)
		if err != nil {
			return err
		}
		if own != nil && own.Slot <= licensed {
			return touchSeat(db, own, seat.LastSeen)
		}
		free, err := freeSlot(db, licensed)
		if err != nil {
			return err
		}
		if own != nil {
			return moveSeat(db, *own, free)
		}
		seat.Slot = free
		return db.Create(&seat).Error
	})
	if err != nil {
		return fmt.Errorf("take seat: %w", err)
	}
	return nil
}

// seated reports whether a user has a seat in force.
func (s store) seated(ctx context.Context, userID string, licensed int) (bool, error) {
	own, err := seatOf(s.db.Gorm(ctx), userKey(userID))
	if err != nil {
		return false, fmt.Errorf("read seat: %w", err)
	}
	return own != nil && own.Slot <= licensed, nil
}

func seatOf(db *gorm.DB, key []byte) (*seatRow, error) {
	var rows []seatRow
	if err := db.Where("user_key = ?", key).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func touchSeat(db *gorm.DB, own *seatRow, seen int64) error {
	if seen <= own.LastSeen {
		return nil
	}
	return db.Model(&seatRow{}).Where("slot = ? AND last_seen < ?", own.Slot, seen).Update("last_seen", seen).Error
}

// freeSlot picks any slot in force that nobody has. By chance, so that many who sign in at once rarely want the same.
func freeSlot(db *gorm.DB, licensed int) (int, error) {
	var taken []int
	if err := db.Model(&seatRow{}).Where("slot <= ?", licensed).Pluck("slot", &taken).Error; err != nil {
		return 0, err
	}
	free := freeSlots(taken, licensed)
	if len(free) == 0 {
		return 0, ErrSeatLimit
	}
	return free[rand.IntN(len(free))], nil
}

func freeSlots(taken []int, licensed int) []int {
	isTaken := make(map[int]bool, len(taken))
	for _, slot := range taken {
		isTaken[slot] = true
	}
	var free []int
	for slot := 1; slot <= licensed; slot++ {
		if !isTaken[slot] {
			free = append(free, slot)
		}
	}
	return free
}

// releaseSeat frees a user's seat and lets the longest waiting of those over the licensed number have it. It reports
// whether the user had one.
func (s store) releaseSeat(ctx context.Context, userID string, licensed int) (released bool, err error) {
	err = s.untilFree(ctx, func(db *gorm.DB) error {
		own, err := seatOf(db, userKey(userID))
		if err != nil || own == nil {
			return err
		}
		released = true // a repeated run finds the seat gone, and it was this call that released it
		if err := one(db.Where("slot = ? AND user_key = ?", own.Slot, own.UserKey).Delete(&seatRow{})); err != nil {
			return err
		}
		return reseat(db, licensed)
	})
	if err != nil {
		return false, fmt.Errorf("release seat: %w", err)
	}
	return released, nil
}

// reseat puts those assigned first into the slots in force.
func reseat(db *gorm.DB, licensed int) error {
	rows, err := allSeats(db)
	if err != nil {
		return err
	}
	for _, m := range moves(rows, licensed) {
		if err := moveSeat(db, m.seat, m.to); err != nil {
			return err
		}
	}
	return nil
}

func moveSeat(db *gorm.DB, seat seatRow, to int) error {
	return one(db.Model(&seatRow{}).Where("slot = ? AND user_key = ?", seat.Slot, seat.UserKey).Update("slot", to))
}

// one asks that a statement changed the row that was read before it.
func one(result *gorm.DB) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return errMoved
	}
	return result.Error
}

type move struct {
	seat seatRow
	to   int
}

// moves lists, in the order they have to happen, the fewest changes of slots after which those assigned first hold the
// slots in force. The seats come in the order of their assignment.
func moves(seats []seatRow, licensed int) []move {
	var taken []int
	top := licensed
	for _, seat := range seats {
		taken = append(taken, seat.Slot)
		top = max(top, seat.Slot)
	}
	var list []move
	free := freeSlots(taken, licensed)
	first, rest := seats[:min(licensed, len(seats))], seats[min(licensed, len(seats)):]
	for _, seat := range rest {
		if seat.Slot <= licensed { // makes room above everybody
			top++
			list = append(list, move{seat, top})
			free = append(free, seat.Slot)
		}
	}
	for _, seat := range first {
		if seat.Slot > licensed {
			list = append(list, move{seat, free[0]})
			free = free[1:]
		}
	}
	return list
}
