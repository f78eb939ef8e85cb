-- +goose Up
create table search_fts (
	id bigint primary key,
	terms tsvector not null
);
create index search_fts_terms on search_fts using gin (terms);
create sequence search_seq;
