package main

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// clientIP tells which address wrong passwords are counted for: the one in the header by which the web server names its
// clients, where there is such a header. Of several the last counts, which the nearest server wrote: those before it a
// client may have made up. An address of this machine is no client's but the web server's, so none is counted then:
// banning it would keep everybody out.
func clientIP(header string) func(*http.Request) string {
	return func(r *http.Request) string {
		address, _, _ := net.SplitHostPort(r.RemoteAddr)
		if given := r.Header.Values(header); header != "" && len(given) > 0 {
			last := given[len(given)-1]
			address = strings.TrimSpace(last[strings.LastIndex(last, ",")+1:])
		}
		ip, err := netip.ParseAddr(address)
		if err != nil || ip.Unmap().IsLoopback() {
			return ""
		}
		return ip.Unmap().String()
	}
}
