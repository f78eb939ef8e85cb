package bus

import (
	"testing"
	"time"
)

func TestMessageReachesSubscribersUntilCancelled(t *testing.T) {
	b, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	heard := make(chan string, 10)
	cancel, err := b.Subscribe("site.*", func(subject string, data []byte) { heard <- subject + "=" + string(data) })
	if err != nil {
		t.Fatal(err)
	}
	send := func(subject string) {
		if err := b.Publish(t.Context(), subject, []byte("1")); err != nil {
			t.Fatal(err)
		}
		if err := b.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	send("site.12")
	select {
	case got := <-heard:
		if got != "site.12=1" {
			t.Errorf("heard %s", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing heard")
	}
	cancel()
	other := make(chan bool, 1)
	if _, err := b.Subscribe("other", func(string, []byte) { other <- true }); err != nil {
		t.Fatal(err)
	}
	send("site.13")
	send("other") // the bus keeps order, so site.13 has passed when this arrives
	<-other
	if len(heard) != 0 {
		t.Error("heard after cancel")
	}
}
