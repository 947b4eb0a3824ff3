package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const maxBody = 16 << 20

// Proxy forwards requests and applies the rules.
type Proxy struct {
	upstream  *url.URL
	transport http.RoundTripper

	mutex sync.Mutex
	rules *ruleSet
	gate  *gate

	out     sync.Mutex
	events  io.Writer
	history io.Writer
	begin   time.Time
	number  int
}

// gate holds requests from the moment one was stopped. Closed channels: open says go on, broken says break off.
type gate struct {
	open, broken chan struct{}
}

// NewProxy returns a proxy without rules. Events and history get JSON lines.
func NewProxy(upstream string, transport http.RoundTripper, events, history io.Writer) (*Proxy, error) {
	target, err := url.Parse(upstream)
	if err != nil {
		return nil, err
	}
	return &Proxy{upstream: target, transport: transport, rules: &ruleSet{}, events: events, history: history, begin: time.Now()}, nil
}

// Tell writes an event.
func (p *Proxy) Tell(event map[string]any) { p.write(p.events, event) }

func (p *Proxy) write(to io.Writer, line map[string]any) {
	p.out.Lock()
	defer p.out.Unlock()
	text, err := json.Marshal(line)
	check(err)
	_, _ = to.Write(append(text, '\n'))
}

// SetRules replaces the rules and lets everything go that is held.
func (p *Proxy) SetRules(rules []Rule) error {
	set, err := newRuleSet(rules)
	if err != nil {
		return err
	}
	p.mutex.Lock()
	p.rules = set
	p.mutex.Unlock()
	p.Release(false)
	return nil
}

// Release ends a stop: the requests it holds go on, or break off.
func (p *Proxy) Release(abort bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.gate == nil {
		return
	}
	if abort {
		close(p.gate.broken)
	} else {
		close(p.gate.open)
	}
	p.gate = nil
}

// pass waits while another request is stopped.
func (p *Proxy) pass(r *http.Request) {
	p.mutex.Lock()
	current := p.gate
	p.mutex.Unlock()
	if current != nil {
		current.wait(r.Context())
	}
}

func (g *gate) wait(ctx context.Context) {
	select {
	case <-g.open:
	case <-g.broken:
		panic(http.ErrAbortHandler)
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// stop closes the gate and tells so. Of two stops at once the second waits at the gate of the first.
func (p *Proxy) stop(r *http.Request, action Action) *gate {
	p.mutex.Lock()
	current := p.gate
	if current == nil {
		current = &gate{open: make(chan struct{}), broken: make(chan struct{})}
		p.gate = current
		defer p.Tell(map[string]any{"event": "stopped", "action": action, "method": verb(r), "uri": r.URL.RequestURI()})
	}
	p.mutex.Unlock()
	return current
}

// ServeHTTP handles one request.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	p.pass(r)
	p.mutex.Lock()
	rules := p.rules
	p.mutex.Unlock()
	rule := rules.find(r)
	p.note(r, rule)
	if rule == nil {
		p.forward(w, r, body, -1)
		return
	}
	p.act(w, r, body, rule)
}

func (p *Proxy) note(r *http.Request, rule *Rule) {
	p.out.Lock()
	p.number++
	line := map[string]any{"n": p.number, "ms": time.Since(p.begin).Milliseconds(), "method": verb(r), "uri": r.URL.RequestURI()}
	p.out.Unlock()
	if rule != nil {
		line["action"] = rule.Action
	}
	p.write(p.history, line)
}

func (p *Proxy) act(w http.ResponseWriter, r *http.Request, body []byte, rule *Rule) {
	pause := time.Duration(rule.Seconds * float64(time.Second))
	switch rule.Action {
	case DropBefore:
		panic(http.ErrAbortHandler)
	case DropAfter:
		p.exchange(context.Background(), r, body)
		panic(http.ErrAbortHandler)
	case Answer:
		answer(w, rule)
	case Replace:
		p.exchange(context.Background(), r, body)
		answer(w, rule)
	case Late:
		go func() {
			defer func() { _ = recover() }() // exchange gives up by panicking, as a handler does
			time.Sleep(pause)
			p.exchange(context.Background(), r, body)
			p.Tell(map[string]any{"event": "late", "method": verb(r), "uri": r.URL.RequestURI()})
		}()
		answer(w, &Rule{Status: http.StatusGatewayTimeout, Body: "the server did not answer in time"})
	case Truncate:
		p.forward(w, r, body, rule.Bytes)
	case Hang:
		<-r.Context().Done()
	case Delay:
		time.Sleep(pause)
		p.forward(w, r, body, -1)
	case StopBefore:
		p.stop(r, rule.Action).wait(r.Context())
		p.forward(w, r, body, -1)
	case StopAfter:
		response, content := p.exchange(context.Background(), r, body)
		p.stop(r, rule.Action).wait(r.Context())
		send(w, response, content)
	case StopAnswered:
		response, content := p.exchange(context.Background(), r, body)
		send(w, response, content)
		_ = http.NewResponseController(w).Flush()
		p.stop(r, rule.Action)
	}
}

func answer(w http.ResponseWriter, rule *Rule) {
	for name, value := range rule.Headers {
		w.Header().Set(name, value)
	}
	if rule.Status != 0 {
		w.WriteHeader(rule.Status)
	}
	_, _ = io.WriteString(w, rule.Body)
}

// request is the client's request, addressed to the API server.
func (p *Proxy) request(ctx context.Context, r *http.Request, body []byte) *http.Request {
	out := r.Clone(ctx)
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host, out.Host = p.upstream.Scheme, p.upstream.Host, p.upstream.Host
	out.Header.Del("Connection")
	out.Body = io.NopCloser(bytes.NewReader(body))
	out.ContentLength = int64(len(body))
	return out
}

// exchange forwards the request and reads the whole answer; it breaks the client off when there is none.
func (p *Proxy) exchange(ctx context.Context, r *http.Request, body []byte) (*http.Response, []byte) {
	response, err := p.transport.RoundTrip(p.request(ctx, r, body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return response, content
}

func send(w http.ResponseWriter, response *http.Response, content []byte) {
	copyHeader(w, response)
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(content)
}

func copyHeader(w http.ResponseWriter, response *http.Response) {
	for name, values := range response.Header {
		if name != "Connection" && name != "Transfer-Encoding" {
			w.Header()[name] = values
		}
	}
}

// forward passes the answer on as it comes, watches included. With limit ≥ 0 it breaks off after that many bytes.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, body []byte, limit int) {
	response, err := p.transport.RoundTrip(p.request(r.Context(), r, body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close()
	copyHeader(w, response)
	w.WriteHeader(response.StatusCode)
	control := http.NewResponseController(w)
	_ = control.Flush()
	left, piece := limit, make([]byte, 64<<10)
	for {
		n, err := response.Body.Read(piece)
		if limit >= 0 && n >= left {
			_, _ = w.Write(piece[:left])
			_ = control.Flush()
			panic(http.ErrAbortHandler)
		}
		if n > 0 {
			left -= n
			if _, failed := w.Write(piece[:n]); failed != nil {
				panic(http.ErrAbortHandler)
			}
			_ = control.Flush()
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}
