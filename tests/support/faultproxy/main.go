// Command faultproxy stands between a client and a Kubernetes API server, ends TLS on both sides, and makes chosen
// requests go wrong: by verb, path and number. It speaks HTTP/2 and HTTP/1.1 to its clients.
//
//	faultproxy --upstream https://127.0.0.1:6443 --ca FILE --cert FILE --key FILE [--history FILE] [--http1]
//
// The first line on stdout is {"event":"listening","url":...,"ca":...}; further lines tell of requests that were
// stopped. Commands are JSON lines on stdin:
//
//	{"command":"rules","rules":[...]}  replaces the rules, their counters begin at zero, nothing is held any more
//	{"command":"continue"}             lets a stopped request and those held behind it go on
//	{"command":"abort"}                breaks off the stopped request and those held behind it
//
// It ends with its stdin. --history gets one JSON line per request, without bodies.
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"
)

type command struct {
	Command string `json:"command"`
	Rules   []Rule `json:"rules"`
}

func main() {
	upstream := flag.String("upstream", "", "URL of the API server")
	ca := flag.String("ca", "", "PEM file that the API server's certificate is checked with")
	cert := flag.String("cert", "", "PEM file of the client certificate shown to the API server")
	key := flag.String("key", "", "PEM file of its key")
	history := flag.String("history", "", "file that gets one line per request")
	http1 := flag.Bool("http1", false, "speak HTTP/1.1 only")
	flag.Parse()

	transport, err := upstreamTransport(*ca, *cert, *key)
	check(err)
	record := io.Discard
	if *history != "" {
		file, err := os.Create(*history)
		check(err)
		defer file.Close()
		record = file
	}
	proxy, err := NewProxy(*upstream, transport, os.Stdout, record)
	check(err)

	certificate, authority, err := selfSigned()
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	server := &http.Server{
		Handler:   proxy,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	if *http1 {
		server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	go func() { check(server.ServeTLS(listener, "", "")) }()
	proxy.Tell(map[string]any{"event": "listening", "url": "https://" + listener.Addr().String(), "ca": string(authority)})

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var order command
		check(json.Unmarshal(lines.Bytes(), &order))
		switch order.Command {
		case "rules":
			check(proxy.SetRules(order.Rules))
		case "continue":
			proxy.Release(false)
		case "abort":
			proxy.Release(true)
		default:
			check(fmt.Errorf("unknown command %q", order.Command))
		}
		proxy.Tell(map[string]any{"event": "done", "command": order.Command})
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "faultproxy:", err)
		os.Exit(1)
	}
}

func upstreamTransport(ca, cert, key string) (*http.Transport, error) {
	config := &tls.Config{}
	pemBytes, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pemBytes) {
		return nil, fmt.Errorf("%s holds no certificate", ca)
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, DisableCompression: true}, nil
}

// selfSigned makes a certificate for 127.0.0.1 which is its own authority.
func selfSigned() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "faultproxy"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, authority, nil
}
