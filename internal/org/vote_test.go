package org

import (
	"testing"

	"pgregory.net/rapid"

	"lianxin/internal/platform/errs"
)

func TestVoteVectors(t *testing.T) {
	byEntitled := VoteRules[Election]
	byEntitled.Base = OfEntitled
	for _, c := range []struct {
		name                            string
		rule                            VoteRule
		entitled, present, yes, written int
		quorum, passes                  bool
	}{
		{"ordinary, half present", VoteRules[OrdinaryResolution], 20, 10, 10, 0, true, false},
		{"ordinary", VoteRules[OrdinaryResolution], 21, 11, 11, 0, true, true},
		{"ordinary, one short of half", VoteRules[OrdinaryResolution], 20, 9, 9, 9, false, false},
		{"ordinary knows no written votes", VoteRules[OrdinaryResolution], 20, 10, 10, 1, true, false},
		{"admission, half present", VoteRules[Admission], 20, 10, 10, 5, false, false},
		{"admission", VoteRules[Admission], 15, 8, 8, 0, true, true},
		{"admission with written", VoteRules[Admission], 15, 8, 6, 2, true, true},
		{"written votes can't cure a missing quorum", VoteRules[Admission], 15, 7, 7, 4, false, false},
		{"election, four fifths of 20", VoteRules[Election], 20, 16, 9, 0, true, true},
		{"election, one less", VoteRules[Election], 20, 15, 15, 0, false, false},
		{"election, four fifths of 17", VoteRules[Election], 17, 14, 8, 0, true, true},
		{"election, one less of 17", VoteRules[Election], 17, 13, 13, 0, false, false},
		{"election, base present", VoteRules[Election], 20, 17, 9, 0, true, true},
		{"election, base entitled", byEntitled, 20, 17, 9, 0, true, false},
		{"election, base entitled, eleven", byEntitled, 20, 17, 11, 0, true, true},
		{"exactly half", VoteRules[Election], 20, 16, 8, 0, true, false},
		{"local congress, half present", VoteRules[LocalCongress], 20, 10, 10, 0, false, false},
		{"local plenary, two thirds present", VoteRules[LocalPlenary], 30, 20, 20, 0, false, false},
		{"local plenary, more", VoteRules[LocalPlenary], 30, 21, 16, 0, true, true},
		{"democratic life, two thirds", VoteRules[DemocraticLife], 9, 6, 0, 0, true, false},
		{"nobody", VoteRules[Election], 0, 0, 0, 0, false, false},
	} {
		if got := c.rule.Quorum(c.entitled, c.present); got != c.quorum {
			t.Errorf("%s: quorum %v, want %v", c.name, got, c.quorum)
		}
		if got := c.rule.Passes(c.entitled, c.present, c.yes, c.written); got != c.passes {
			t.Errorf("%s: passes %v, want %v", c.name, got, c.passes)
		}
	}
}

func TestMinCandidates(t *testing.T) {
	for seats, want := range map[int]int{1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 6: 8, 7: 9, 8: 10, 9: 11, 11: 14} {
		if got := MinCandidates(seats); got != want {
			t.Errorf("%d seats: %d candidates, want %d", seats, got, want)
		}
	}
}

func TestMoreBallotsThanHandedOutAreVoid(t *testing.T) {
	if err := CheckBallots(20, 20); err != nil {
		t.Error(err)
	}
	if err := CheckBallots(20, 21); !errs.Is(err, errs.KindInvalid) {
		t.Error(err)
	}
}

func TestOneMoreApprovalNeverHurts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		meeting := rapid.SampledFrom([]Meeting{OrdinaryResolution, Admission, Election, LocalCongress, LocalPlenary}).Draw(t, "meeting")
		rule := VoteRules[meeting]
		entitled := rapid.IntRange(1, 500).Draw(t, "entitled")
		present := rapid.IntRange(0, entitled).Draw(t, "present")
		yes := rapid.IntRange(0, present).Draw(t, "yes")
		if rule.Passes(entitled, present, yes, 0) && !rule.Passes(entitled, present, yes+1, 0) {
			t.Fatal("an approval more and it fails")
		}
		if rule.Passes(entitled, present, yes, 0) && yes*2 <= present {
			t.Fatal("passed with half of those present or fewer")
		}
	})
}
