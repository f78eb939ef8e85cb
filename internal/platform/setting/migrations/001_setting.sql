-- +goose Up
create table setting (
	name text primary key,
	value text not null
);
