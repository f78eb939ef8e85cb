package richtext

import (
	"strings"
	"testing"
)

// BenchmarkImport is the work on one imported statute passage of 2 KB.
func BenchmarkImport(b *testing.B) {
	src := []byte("# 某某条例\n\n## 第一章 总则\n\n" + strings.Repeat("第一条 为了规范基层组织选举工作，保障党员行使民主权利，根据有关规定，制定本条例。\n\n", 17))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		doc, err := FromMarkdown(src)
		if err != nil {
			b.Fatal(err)
		}
		anchored, _ := Outline(doc.HTML)
		Text(anchored)
	}
}
