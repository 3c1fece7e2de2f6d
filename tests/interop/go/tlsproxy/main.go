// Tlsproxy carries bytes between a program that speaks TLS and one that does
// not, so that a grpc-go example that insists on TLS can meet a Wirewright
// program while Wirewright has no TLS of its own.
//
//	grpc-go client --TLS--> tlsproxy -side server ---plain--> Wirewright server
//	Wirewright client --plain--> tlsproxy -side client --TLS--> grpc-go server
//
// It knows nothing of HTTP/2 beyond the protocol name "h2" in the handshake:
// the bytes inside the TLS session are the bytes outside it, in both
// directions, so the two programs still speak gRPC to each other and to nobody
// else. The certificates are those of the examples module, the same files that
// its own programs load. Once Wirewright speaks TLS this program has no use.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"io"
	"log"
	"net"
	"os"
	"sync"

	"google.golang.org/grpc/examples/data"
)

// serverName is the name in the certificate of the examples' servers.
const serverName = "x.test.example.com"

func main() {
	side := flag.String("side", "server", "which TLS role to play: server (accept TLS) or client (dial TLS)")
	from := flag.String("listen", "127.0.0.1:0", "the address to accept connections on")
	to := flag.String("to", "", "the address to carry them to")
	flag.Parse()

	listener, err := net.Listen("tcp", *from)
	if err != nil {
		log.Fatalf("cannot listen on %s: %v", *from, err)
	}
	dial := func() (net.Conn, error) { return net.Dial("tcp", *to) }
	switch *side {
	case "server":
		listener = tls.NewListener(listener, asServer())
	case "client":
		config := asClient()
		dial = func() (net.Conn, error) { return tls.Dial("tcp", *to, config) }
	default:
		log.Fatalf("-side is %q: want server or client", *side)
	}
	for {
		near, err := listener.Accept()
		if err != nil {
			log.Fatalf("cannot accept on %s: %v", *from, err)
		}
		go carry(near, dial)
	}
}

// carry copies bytes both ways until both directions have ended.
//
// An end is passed on in its own direction only: a half-closed connection is a
// way to say something, and a proxy must not change what is said.
func carry(near net.Conn, dial func() (net.Conn, error)) {
	defer near.Close()
	far, err := dial()
	if err != nil {
		log.Printf("cannot reach the far side: %v", err)
		return
	}
	defer far.Close()
	var both sync.WaitGroup
	both.Go(func() { pump(far, near) })
	both.Go(func() { pump(near, far) })
	both.Wait()
}

// pump copies one direction, then half-closes where it was copying to.
func pump(to, from net.Conn) {
	io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
}

// asServer presents the certificate that the examples' servers present.
func asServer() *tls.Config {
	pair, err := tls.LoadX509KeyPair(data.Path("x509/server_cert.pem"), data.Path("x509/server_key.pem"))
	if err != nil {
		log.Fatalf("cannot load the examples' server certificate: %v", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}}
}

// asClient trusts the authority that the examples' clients trust.
func asClient() *tls.Config {
	authority, err := os.ReadFile(data.Path("x509/ca_cert.pem"))
	if err != nil {
		log.Fatalf("cannot read the examples' certificate authority: %v", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		log.Fatal("the examples' certificate authority holds no certificate")
	}
	return &tls.Config{RootCAs: roots, ServerName: serverName, NextProtos: []string{"h2"}}
}
