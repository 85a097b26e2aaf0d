package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// stopTime is how long requests that are being served may take once the process is told to stop.
const stopTime = 20 * time.Second

func serveCommand() command {
	return command{
		summary: "Serve the module beside vtenext, on its database and storage folder.",
		detail: "Put it behind the CRM's own web server, which terminates TLS and forwards the path. Run migrate first.\n" +
			"What the installation lacks is printed at the start, with what is refused because of it.",
		example: "mailconnector serve --vtenext /var/www/crm --content /var/lib/mailconnector --vendor vendor.pub",
		flags: func(f *flag.FlagSet) runner {
			var c siteFlags
			c.declare(f)
			address := f.String("addr", "127.0.0.1:8090", "`address` to listen on")
			return func(ctx context.Context, s streams, _ []string) error {
				logger := slog.New(slog.NewJSONHandler(s.err, nil))
				site, err := c.open(ctx, s, logger)
				if err != nil {
					return err
				}
				err = site.serve(ctx, s, *address, logger)
				return errors.Join(err, site.close())
			}
		},
	}
}

// serve runs until ctx ends, then finishes the requests it is serving.
func (x *site) serve(ctx context.Context, s streams, address string, logger *slog.Logger) error {
	if err := x.report(ctx, s.err); err != nil {
		return err
	}
	if err := x.Start(ctx); err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var reading sync.WaitGroup
	reading.Go(func() { x.permissions.Run(background) })
	defer reading.Wait()
	defer stop()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), x.Stop(ctx))
	}
	routes := http.NewServeMux()
	routes.Handle(x.Pattern(), x)
	server := &http.Server{
		Handler: routes, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(s.out, "serving %s at http://%s\n", x.Pattern(), listener.Addr())
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	return errors.Join(err, server.Shutdown(ending), x.Stop(ending))
}

func migrateCommand() command {
	return command{
		summary: "Create or extend the module's tables, all named mc_…, in the CRM's database.",
		detail:  "It is additive, safe to repeat, and safe to run while the module serves.",
		example: "mailconnector migrate --vtenext /var/www/crm --content /var/lib/mailconnector --vendor vendor.pub",
		flags: func(f *flag.FlagSet) runner {
			var c siteFlags
			c.declare(f)
			return func(ctx context.Context, s streams, _ []string) error {
				site, err := c.open(ctx, s, slog.New(slog.DiscardHandler))
				if err != nil {
					return err
				}
				return errors.Join(site.Migrate(ctx), site.close())
			}
		},
	}
}
