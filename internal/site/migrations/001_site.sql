-- +goose Up

create table site (
	id {{id}},
	org_id {{ref}} not null,
	org_path {{path}} not null,
	slug text not null unique,
	host text not null,
	name text not null,
	motto text not null,
	intro text not null,
	template text not null,
	state text not null,
	main boolean not null,
	organiser text not null,
	undertaker text not null,
	responsible text not null,
	phone text not null,
	email text not null,
	address text not null,
	id_code text not null,
	icp text not null,
	police_record text not null,
	theme text not null,
	colour text not null,
	banner text not null,
	emblem text not null,
	suspended_from text not null,
	suspended_until text not null,
	suspend_reason text not null,
	created_at {{time}} not null,
	updated_at {{time}} not null,
	opened_at {{time}},
	version {{ref}} not null
);
create unique index site_host on site (host) where host <> '';
create index site_path on site (org_path, id);
create index site_org on site (org_id, id);

create table site_column (
	id {{id}},
	site_id {{ref}} not null references site (id),
	parent_id {{ref}} not null,
	slug text not null,
	name text not null,
	description text not null,
	kind text not null,
	position integer not null,
	visible boolean not null,
	confirmed_at {{time}},
	confirmed_by text not null
);
create unique index site_column_slug on site_column (site_id, slug);

create table site_menu (
	id {{id}},
	site_id {{ref}} not null references site (id),
	position integer not null,
	label text not null,
	column_id {{ref}} not null,
	href text not null
);
create index site_menu_site on site_menu (site_id, position);

create table site_block (
	id {{id}},
	site_id {{ref}} not null references site (id),
	position integer not null,
	kind text not null,
	title text not null,
	config {{json}} not null
);
create index site_block_site on site_block (site_id, position);
