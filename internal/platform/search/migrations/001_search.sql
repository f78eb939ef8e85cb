-- +goose Up
create table search_doc (
	id {{ref}} primary key,
	kind text not null,
	ref {{ref}} not null,
	site_id {{ref}} not null,
	org_id {{ref}} not null,
	column_id {{ref}} not null,
	org_path {{path}} not null,
	category text not null,
	audience text not null,
	title text not null,
	url text not null,
	place text not null,
	year integer not null,
	at {{time}} not null
);
create unique index search_doc_ref on search_doc (kind, ref);
create index search_doc_at on search_doc (at, id);
create index search_doc_path on search_doc (org_path);

create table search_text (
	id {{ref}} primary key,
	body {{bytes}} not null
);
