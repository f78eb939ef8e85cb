-- +goose Up
-- The text comes cut already, so the plain ascii tokenizer is right, and
-- faster than unicode61: every byte above 127 belongs to a term, "=" and "~"
-- begin the terms of filters and of sounds.
create virtual table search_fts using fts5(
	title, body, scope, sound,
	content='', contentless_delete=1,
	tokenize="ascii tokenchars '=~'"
);
insert into search_fts (search_fts, rank) values ('hashsize', 8388608);
create virtual table search_vocab using fts5vocab(search_fts, row);
