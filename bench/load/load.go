// Package load sends HTTP/1.1 requests over kept connections and measures the
// answers. It does as little as possible itself, so that what it measures is
// the server: requests are bytes made beforehand, answers are read by their
// Content-Length.
package load

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Result is what one run showed.
type Result struct {
	Requests int
	Failed   int
	Took     time.Duration
	times    []time.Duration
}

// PerSecond is the rate of good answers.
func (r Result) PerSecond() float64 { return float64(r.Requests-r.Failed) / r.Took.Seconds() }

// Quantile is the time within which the share q of the requests was answered.
func (r Result) Quantile(q float64) time.Duration {
	if len(r.times) == 0 {
		return 0
	}
	return r.times[min(len(r.times)-1, int(q*float64(len(r.times))))]
}

// Run asks for the paths in turn, over as many connections as workers, until
// the time is over. Only 200 with a body counts as good.
func Run(address string, paths []string, workers int, d time.Duration) (Result, error) {
	requests := make([][]byte, len(paths))
	for i, p := range paths {
		requests[i] = fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\n\r\n", p, address)
	}
	var (
		mu    sync.Mutex
		total Result
		first error
		wg    sync.WaitGroup
	)
	start := time.Now()
	for w := range workers {
		wg.Go(func() {
			r, err := worker(address, requests, w*len(requests)/workers, start.Add(d))
			mu.Lock()
			defer mu.Unlock()
			total.Requests += r.Requests
			total.Failed += r.Failed
			total.times = append(total.times, r.times...)
			if first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	total.Took = time.Since(start)
	slices.Sort(total.times)
	return total, first
}

func worker(address string, requests [][]byte, next int, until time.Time) (Result, error) {
	var r Result
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return r, err
	}
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 64<<10)
	for {
		began := time.Now()
		if began.After(until) {
			return r, nil
		}
		if _, err := conn.Write(requests[next%len(requests)]); err != nil {
			return r, err
		}
		next++
		good, err := answer(in)
		if err != nil {
			return r, err
		}
		r.Requests++
		if !good {
			r.Failed++
		}
		r.times = append(r.times, time.Since(began))
	}
}

var contentLength = []byte("Content-Length: ")

func answer(in *bufio.Reader) (good bool, err error) {
	status, err := in.ReadSlice('\n')
	if err != nil {
		return false, err
	}
	good = bytes.HasPrefix(status, []byte("HTTP/1.1 200"))
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if rest, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(rest)); err != nil {
				return false, err
			}
		}
	}
	if length < 0 {
		return false, fmt.Errorf("an answer without Content-Length: %s", status)
	}
	_, err = in.Discard(length)
	return good && length > 0, err
}
