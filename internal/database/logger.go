package database

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// slowStatement is what nobody should wait for: worth a line in the log of an otherwise silent package.
const slowStatement = time.Second

// gormLogger passes on slow statements and gorm's own complaints. Errors are returned to the caller, who logs them;
// values never reach the log, because they are mail.
type gormLogger struct{ log *slog.Logger }

var _ gorm.ParamsFilter = gormLogger{}

// LogMode changes nothing: the level is the slog handler's business.
func (l gormLogger) LogMode(logger.LogLevel) logger.Interface { return l }

// Info passes a remark of gorm on.
func (l gormLogger) Info(ctx context.Context, msg string, args ...any) {
	l.log.DebugContext(ctx, "gorm", "message", fmt.Sprintf(msg, args...))
}

// Warn passes a warning of gorm on.
func (l gormLogger) Warn(ctx context.Context, msg string, args ...any) {
	l.log.WarnContext(ctx, "gorm", "message", fmt.Sprintf(msg, args...))
}

// Error passes a complaint of gorm on, such as one about a model.
func (l gormLogger) Error(ctx context.Context, msg string, args ...any) {
	l.log.ErrorContext(ctx, "gorm", "message", fmt.Sprintf(msg, args...))
}

// Trace logs a slow statement with its placeholders.
func (l gormLogger) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), _ error) {
	took := time.Since(begin)
	if took < slowStatement {
		return
	}
	text, rows := statement()
	l.log.WarnContext(ctx, "slow statement", "sql", text, "rows", rows, "took", took)
}

// ParamsFilter keeps values out of the text that Trace receives.
func (gormLogger) ParamsFilter(_ context.Context, text string, _ ...any) (string, []any) {
	return text, nil
}
