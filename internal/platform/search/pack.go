package search

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Texts are stored as a letter and the rest: "r" raw, "z" zstd. A short text
// gains nothing by compression.
const shortest = 400

// Both are safe for concurrent use by EncodeAll and DecodeAll, and small: one
// worker, windows no larger than a part.
var (
	packer, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(16<<10), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	unpacker, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(1<<20))
)

func pack(s string) []byte {
	if len(s) >= shortest {
		return packer.EncodeAll([]byte(s), []byte{'z'})
	}
	return append([]byte{'r'}, s...)
}

func unpack(b []byte) (string, error) {
	if len(b) > 0 && b[0] == 'r' {
		return string(b[1:]), nil
	}
	if len(b) == 0 || b[0] != 'z' {
		return "", fmt.Errorf("unpack text: unknown form")
	}
	out, err := unpacker.DecodeAll(b[1:], make([]byte, 0, 3*len(b)))
	if err != nil {
		return "", fmt.Errorf("unpack text: %w", err)
	}
	return string(out), nil
}
