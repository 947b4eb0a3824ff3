package main

import (
	"fmt"
	"math/rand"
	"net/http"
	"regexp"
	"slices"
	"sync"
)

// Action names what happens to a request.
type Action string

const (
	DropBefore   Action = "drop-before"   // the connection or stream breaks, nothing was forwarded
	DropAfter    Action = "drop-after"    // forwarded and answered, the answer is lost
	Answer       Action = "answer"        // not forwarded: Status, Headers and Body are the answer
	Replace      Action = "replace"       // forwarded, but Status, Headers and Body are the answer
	Late         Action = "late"          // answered with 504 at once, forwarded Seconds later
	Truncate     Action = "truncate"      // forwarded, the answer breaks off after Bytes bytes
	Hang         Action = "hang"          // never answered, never forwarded
	Delay        Action = "delay"         // forwarded Seconds later
	StopBefore   Action = "stop-before"   // held before it is forwarded, until a command
	StopAfter    Action = "stop-after"    // held after the API server has answered
	StopAnswered Action = "stop-answered" // answered; whatever comes next is held
)

var actions = []Action{DropBefore, DropAfter, Answer, Replace, Late, Truncate, Hang, Delay, StopBefore, StopAfter, StopAnswered}

// Rule chooses requests and says what happens to them. Of several that apply the first counts.
type Rule struct {
	Methods []string `json:"methods"` // empty: all; "WATCH" is a GET with watch=true, which "GET" does not mean
	Path    string   `json:"path"`    // regular expression on path and query; empty: all
	Not     string   `json:"not"`     // regular expression on path and query that must not match; empty: none
	From    int      `json:"from"`    // number of the first match it acts on, counted from 1; 0: the first
	Count   int      `json:"count"`   // how many matches it acts on; 0: one; -1: all from then on

	Probability float64 `json:"probability"` // of acting on a match in that range; 0: always
	Seed        int64   `json:"seed"`

	Action  Action            `json:"action"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Seconds float64           `json:"seconds"`
	Bytes   int               `json:"bytes"`
}

type activeRule struct {
	Rule
	path, not *regexp.Regexp
	random    *rand.Rand
	matches   int
}

// ruleSet finds the rule for a request. Safe for concurrent use.
type ruleSet struct {
	mutex sync.Mutex
	rules []*activeRule
}

func newRuleSet(rules []Rule) (*ruleSet, error) {
	set := &ruleSet{}
	for _, rule := range rules {
		if !slices.Contains(actions, rule.Action) {
			return nil, fmt.Errorf("unknown action %q", rule.Action)
		}
		active := &activeRule{Rule: rule, random: rand.New(rand.NewSource(rule.Seed))}
		var err error
		if active.path, err = regexp.Compile(rule.Path); err != nil {
			return nil, err
		}
		if rule.Not != "" {
			if active.not, err = regexp.Compile(rule.Not); err != nil {
				return nil, err
			}
		}
		set.rules = append(set.rules, active)
	}
	return set, nil
}

// verb of a request: its method, or WATCH.
func verb(r *http.Request) string {
	if r.Method == http.MethodGet && r.URL.Query().Get("watch") != "" {
		return "WATCH"
	}
	return r.Method
}

// find counts the request with every rule it matches and returns the first that acts on it, or nil.
func (s *ruleSet) find(r *http.Request) *Rule {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var found *Rule
	for _, rule := range s.rules {
		if rule.acts(r) && found == nil {
			found = &rule.Rule
		}
	}
	return found
}

func (r *activeRule) acts(request *http.Request) bool {
	uri := request.URL.RequestURI()
	if len(r.Methods) > 0 && !slices.Contains(r.Methods, verb(request)) || !r.path.MatchString(uri) {
		return false
	}
	if r.not != nil && r.not.MatchString(uri) {
		return false
	}
	r.matches++
	first, count := max(r.From, 1), r.Count
	if count == 0 {
		count = 1
	}
	if r.matches < first || count > 0 && r.matches >= first+count {
		return false
	}
	return r.Probability == 0 || r.random.Float64() < r.Probability
}
