// Package moduletest is the kit for authors of hosts: a whole host in memory to start from, the tests every host passes,
// and a client of the API.
//
// A host's own test is one call:
//
//	func TestHost(t *testing.T) {
//		moduletest.RunHostTests(t, func(t *testing.T) moduletest.HostUnderTest { … })
//	}
//
// [RunHostTests] asks each port what its documentation promises, then mounts the module on the host and works with it
// over HTTP as each of four users. [NewMemoryHost] is the host to test code against that needs some CRM, and the shortest
// complete implementation of every port. [Client] speaks the API with typed results and typed problems.
package moduletest
