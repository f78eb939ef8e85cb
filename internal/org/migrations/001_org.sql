-- +goose Up

-- The one row that every change of the tree locks first. It also gives out the
-- ids, because a path holds the id and is written with the row.
create table org_tree (
	id integer primary key,
	next_id {{ref}} not null,
	version {{ref}} not null
);
insert into org_tree (id, next_id, version) values (1, 1, 0);

create table org (
	id {{ref}} not null primary key,
	parent_id {{ref}} not null,
	path {{path}} not null unique,
	code text not null unique,
	name text not null,
	short_name text not null,
	kind text not null,
	level text not null,
	region_code text not null,
	credit_code text not null,
	status text not null,
	position integer not null,
	sort_key {{path}} not null,
	find_text text not null,
	units integer not null,
	size_approval text not null,
	members integer not null,
	full_members integer not null,
	counted_on text not null,
	founded_on text not null,
	ended_on text not null,
	merged_into {{ref}} not null,
	term_due text not null,
	term_until text not null,
	phone text not null,
	address text not null,
	intro text not null,
	created_at {{time}} not null,
	updated_at {{time}} not null,
	version {{ref}} not null
);
create index org_children on org (parent_id, sort_key, id);
create index org_sorted on org (sort_key, id);
create index org_deadline on org (term_until, id);

-- Whom an organisation answered to, and the path it had, from when to when.
create table org_parent (
	id {{id}},
	org_id {{ref}} not null references org (id),
	parent_id {{ref}} not null,
	from_day text not null,
	until_day text not null,
	reason text not null,
	created_at {{time}} not null
);
create index org_parent_org on org_parent (org_id, id);

create table org_old_path (
	id {{id}},
	org_id {{ref}} not null references org (id),
	path {{path}} not null,
	until_at {{time}} not null
);
create index org_old_path_org on org_old_path (org_id, id);

create table org_status (
	id {{id}},
	org_id {{ref}} not null references org (id),
	status text not null,
	from_day text not null,
	reason text not null,
	created_at {{time}} not null
);
create index org_status_org on org_status (org_id, id);

create table org_line (
	id {{id}},
	org_id {{ref}} not null references org (id),
	target_id {{ref}} not null references org (id),
	kind text not null,
	from_day text not null,
	until_day text not null,
	note text not null,
	created_at {{time}} not null
);
create index org_line_org on org_line (org_id, until_day);
create index org_line_target on org_line (target_id, until_day);

create table org_headcount (
	id {{id}},
	org_id {{ref}} not null references org (id),
	day text not null,
	members integer not null,
	full_members integer not null,
	created_at {{time}} not null,
	unique (org_id, day)
);

create table org_post (
	id {{id}},
	org_id {{ref}} not null references org (id),
	code text not null,
	holder text not null,
	person_id {{ref}} not null,
	how text not null,
	from_day text not null,
	until_day text not null,
	public boolean not null,
	end_reason text not null,
	created_at {{time}} not null
);
create index org_post_org on org_post (org_id, until_day);

create table org_term (
	id {{id}},
	org_id {{ref}} not null references org (id),
	from_day text not null,
	years integer not null,
	due text not null,
	ended_on text not null,
	created_at {{time}} not null
);
create index org_term_org on org_term (org_id, ended_on);

create table org_postponement (
	id {{id}},
	org_id {{ref}} not null references org (id),
	term_id {{ref}} not null references org_term (id),
	new_day text not null,
	approved_by text not null,
	approved_on text not null,
	reason text not null,
	created_at {{time}} not null
);
create index org_postponement_org on org_postponement (org_id, term_id);

create table org_reminder (
	id {{id}},
	org_id {{ref}} not null references org (id),
	term_id {{ref}} not null references org_term (id),
	kind text not null,
	deadline text not null,
	created_at {{time}} not null,
	resolved_at {{time}},
	unique (term_id, kind, deadline)
);
create index org_reminder_open on org_reminder (resolved_at, deadline);

-- Divisions of the country: replaceable data, not code. A retired code names
-- its successor and is never used again.
create table org_region (
	code text not null primary key,
	name text not null,
	valid_to text not null,
	successor text not null
);

-- A spreadsheet between preview and import. It belongs to who brought it.
create table org_upload (
	id {{id}},
	account_id {{ref}} not null,
	name text not null,
	data {{bytes}} not null,
	created_at {{time}} not null
);
