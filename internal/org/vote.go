package org

import "lianxin/internal/platform/errs"

// VoteBase says of whom a majority is counted.
type VoteBase string

const (
	// OfPresent counts those in the room, the default of grassroots elections.
	OfPresent VoteBase = "present"
	// OfEntitled counts all who have the right to vote.
	OfEntitled VoteBase = "entitled"
)

// Meeting is a kind of vote.
type Meeting string

const (
	OrdinaryResolution Meeting = "ordinary"       // 支部条例第十一条
	Admission          Meeting = "admission"      // 细则2026 第十九、二十、三十二条
	CommitteeMeeting   Meeting = "committee"      // 支部条例第十二条
	Election           Meeting = "election"       // 选举条例
	LocalCongress      Meeting = "local-congress" // 地方选举条例第二十四条
	LocalPlenary       Meeting = "local-plenary"  // 地方选举条例第二十四条
	DemocraticLife     Meeting = "democratic-life"
)

// VoteRule is the quorum and majority of a meeting. A fraction is two integers;
// Above means more than the fraction, else the fraction itself is enough.
type VoteRule struct {
	QuorumOf, QuorumPer int
	Above               bool
	Base                VoteBase
	// Written votes sent before the meeting count as votes, never as presence.
	Written bool
	Secret  bool
}

// VoteRules is the one table of all quorums and majorities. Passing always
// takes more than half of the base.
var VoteRules = map[Meeting]VoteRule{
	OrdinaryResolution: {QuorumOf: 1, QuorumPer: 2, Base: OfEntitled},
	Admission:          {QuorumOf: 1, QuorumPer: 2, Above: true, Base: OfEntitled, Written: true, Secret: true},
	CommitteeMeeting:   {QuorumOf: 1, QuorumPer: 2, Base: OfEntitled},
	Election:           {QuorumOf: 4, QuorumPer: 5, Base: OfPresent, Secret: true},
	LocalCongress:      {QuorumOf: 1, QuorumPer: 2, Above: true, Base: OfEntitled, Secret: true},
	LocalPlenary:       {QuorumOf: 2, QuorumPer: 3, Above: true, Base: OfEntitled, Secret: true},
	DemocraticLife:     {QuorumOf: 2, QuorumPer: 3, Base: OfEntitled},
}

// Quorum reports whether enough of the entitled are present.
func (r VoteRule) Quorum(entitled, present int) bool {
	have, need := present*r.QuorumPer, entitled*r.QuorumOf
	return entitled > 0 && (have > need || have == need && !r.Above)
}

// Passes reports whether a motion or candidate with that many approvals in the
// room and in writing has passed. Without a quorum nothing passes.
func (r VoteRule) Passes(entitled, present, yes, written int) bool {
	base := entitled
	if r.Base == OfPresent {
		base = present
	}
	if r.Written {
		yes += written
	}
	return r.Quorum(entitled, present) && yes*2 > base
}

// MinCandidates is how many candidates an election to so many committee seats
// needs: a fifth more than seats, rounded up.
func MinCandidates(seats int) int { return (seats*6 + 4) / 5 }

// CheckBallots refuses an election in which more ballots came back than were
// handed out: it is void and held again.
func CheckBallots(handedOut, returned int) error {
	if returned > handedOut {
		return errs.Invalid("org.vote.void", errs.Args{"Out": handedOut, "Back": returned})
	}
	return nil
}
