package richtext

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"lianxin/internal/platform/errs"
)

// Limits against archives that are small outside and huge inside.
const (
	maxEntries   = 5000
	maxUnpacked  = 400 << 20
	maxRatio     = 200 // real documents stay under 60
	ratioMatters = 4 << 20
	maxPart      = 64 << 20
	maxPicture   = 30 << 20
)

// FromDocx converts a Word document in either namespace (transitional or
// strict). Pictures go to keep; nil leaves them out.
func FromDocx(r io.ReaderAt, size int64, keep Keeper) (Document, error) {
	pack, err := openPackage(r, size)
	if err != nil {
		return Document{}, err
	}
	main, err := pack.mainPart()
	if err != nil {
		return Document{}, err
	}
	root, err := pack.parse(main)
	if err != nil {
		return Document{}, err
	}
	body := root.child("w:body")
	if body == nil {
		return Document{}, errs.Invalid("richtext.not_docx")
	}
	d := &docx{pack: pack, keep: keep}
	if err := d.load(main); err != nil {
		return Document{}, err
	}
	d.blocks(body, &d.out)
	d.notes()
	if d.err != nil {
		return Document{}, d.err
	}
	return finish(d.title, d.out.String(), d.dropped)
}

// packageFile is an opened OOXML archive.
type packageFile struct {
	files map[string]*zip.File
	read  int64 // bytes unpacked so far
}

func openPackage(r io.ReaderAt, size int64) (*packageFile, error) {
	if size > MaxDocument {
		return nil, tooLarge(MaxDocument)
	}
	var head [8]byte
	n, _ := r.ReadAt(head[:], 0) // a shorter file shows in what was read
	switch {
	case bytes.HasPrefix(head[:n], []byte("\xd0\xcf\x11\xe0")):
		return nil, errs.Invalid("richtext.old_word")
	case !bytes.HasPrefix(head[:n], []byte("PK")):
		return nil, errs.Invalid("richtext.not_docx")
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, errs.Invalid("richtext.broken_docx").Because(err)
	}
	if len(z.File) > maxEntries {
		return nil, errs.TooLarge("richtext.zip_bomb")
	}
	p := &packageFile{files: make(map[string]*zip.File, len(z.File))}
	var unpacked uint64
	for _, f := range z.File {
		unpacked += f.UncompressedSize64
		if unpacked > maxUnpacked || f.UncompressedSize64 > ratioMatters && f.UncompressedSize64/maxRatio > f.CompressedSize64 {
			return nil, errs.TooLarge("richtext.zip_bomb")
		}
		p.files[strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))] = f
	}
	return p, nil
}

// part reads one file of the archive. What the archive says of its sizes is not
// believed: reading stops at the limits.
func (p *packageFile) part(name string, limit int64) ([]byte, error) {
	f := p.files[strings.ToLower(name)]
	if f == nil {
		return nil, errNoPart
	}
	rc, err := f.Open()
	if err != nil {
		return nil, errs.Invalid("richtext.broken_docx").Because(err)
	}
	defer rc.Close()
	data, err := io.ReadAll(io.LimitReader(rc, limit+1))
	p.read += int64(len(data))
	switch {
	case int64(len(data)) > limit, p.read > maxUnpacked:
		return nil, errs.TooLarge("richtext.zip_bomb")
	case err != nil:
		return nil, errs.Invalid("richtext.broken_docx").Because(fmt.Errorf("read %s: %w", name, err))
	}
	return data, nil
}

var errNoPart = errors.New("no such part")

// parse reads one part as XML.
func (p *packageFile) parse(name string) (*node, error) {
	data, err := p.part(name, maxPart)
	if err != nil {
		return nil, err
	}
	root, err := parseXML(data)
	if err != nil {
		return nil, errs.Invalid("richtext.broken_docx").Because(fmt.Errorf("read %s: %w", name, err))
	}
	return root, nil
}

// optional reads a part that need not be there.
func (p *packageFile) optional(name string) (*node, error) {
	root, err := p.parse(name)
	if errors.Is(err, errNoPart) {
		return &node{}, nil
	}
	return root, err
}

type relation struct {
	kind, target string
	external     bool
}

// relations lists the references of a part by id.
func (p *packageFile) relations(part string) (map[string]relation, error) {
	dir, file := path.Split(part)
	root, err := p.optional(dir + "_rels/" + file + ".rels")
	if err != nil {
		return nil, err
	}
	out := map[string]relation{}
	for _, r := range root.kids {
		rel := relation{kind: path.Base(r.attr("Type")), target: r.attr("Target"), external: r.attr("TargetMode") == "External"}
		if !rel.external {
			if strings.HasPrefix(rel.target, "/") {
				rel.target = strings.TrimPrefix(rel.target, "/")
			} else {
				rel.target = path.Join(dir, rel.target)
			}
		}
		out[r.attr("Id")] = rel
	}
	return out, nil
}

// mainPart finds the document itself, which need not be word/document.xml.
func (p *packageFile) mainPart() (string, error) {
	rels, err := p.relations("")
	if err != nil {
		return "", err
	}
	for _, r := range rels {
		if r.kind == "officeDocument" {
			return r.target, nil
		}
	}
	if p.files["word/document.xml"] != nil {
		return "word/document.xml", nil
	}
	return "", errs.Invalid("richtext.not_docx")
}

// docx is a conversion under way.
type docx struct {
	pack    *packageFile
	keep    Keeper
	rels    map[string]relation // of the part being read
	styles  map[string]*style
	lists   *numbering
	note    map[string]*node // by "fn2", "en3"
	noteRel map[string]map[string]relation
	order   []string // notes in order of reference
	kept    map[string]string
	field   fieldState
	depth   int
	title   string
	started bool // the first paragraph with text has been seen
	dropped int
	err     error
	out     strings.Builder
}

// load reads the parts that belong to the document.
func (d *docx) load(main string) (err error) {
	if d.rels, err = d.pack.relations(main); err != nil {
		return err
	}
	d.note, d.noteRel, d.kept = map[string]*node{}, map[string]map[string]relation{}, map[string]string{}
	d.styles, d.lists = map[string]*style{}, &numbering{}
	for _, r := range d.rels {
		if r.external {
			continue
		}
		switch r.kind {
		case "styles", "numbering", "footnotes", "endnotes":
		default:
			continue
		}
		root, err := d.pack.optional(r.target)
		if err != nil {
			return err
		}
		switch r.kind {
		case "styles":
			d.styles = readStyles(root)
		case "numbering":
			d.lists = readNumbering(root)
		case "footnotes":
			err = d.loadNotes("fn", "w:footnote", root, r.target)
		case "endnotes":
			err = d.loadNotes("en", "w:endnote", root, r.target)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *docx) loadNotes(prefix, element string, root *node, part string) (err error) {
	for _, n := range root.kids {
		if n.name == element && n.attr("w:type") == "" {
			d.note[prefix+n.attr("w:id")] = n
		}
	}
	d.noteRel[prefix], err = d.pack.relations(part)
	return err
}
