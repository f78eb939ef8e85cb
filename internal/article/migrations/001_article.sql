-- +goose Up
create table article (
	id {{id}},
	site_id {{ref}} not null,
	org_id {{ref}} not null,
	org_path {{path}} not null,
	state text not null,
	public boolean not null,
	column_id {{ref}} not null,
	title text not null,
	summary text not null,
	category text not null,
	issuer text not null,
	source text not null,
	dated text not null,
	cover text not null,
	pinned boolean not null,
	rolling boolean not null,
	revision {{ref}} not null,
	working integer not null,
	shown integer not null,
	author_id {{ref}} not null,
	listed_at {{time}} not null,
	published_at {{time}},
	updated_at {{time}},
	scheduled_at {{time}},
	withdrawn_at {{time}},
	notice text not null,
	import_key text,
	created_at {{time}} not null,
	changed_at {{time}} not null
);
create index article_site on article (site_id, public, listed_at, id);
create index article_column on article (column_id, public, listed_at, id);
create index article_pinned on article (site_id, pinned, public, listed_at, id);
create index article_rolling on article (site_id, rolling, public, listed_at, id);
create index article_org on article (org_path, id);
create index article_state on article (state, id);
create unique index article_import on article (site_id, import_key);

create table article_version (
	article_id {{ref}} not null references article (id),
	number integer not null,
	title text not null,
	body text not null,
	summary text not null,
	keywords text not null,
	category text not null,
	issuer text not null,
	source text not null,
	author text not null,
	editor text not null,
	dated text not null,
	column_id {{ref}} not null,
	cover text not null,
	pinned boolean not null,
	rolling boolean not null,
	attached {{json}} not null,
	toc {{json}} not null,
	writers {{json}} not null,
	writer_name text not null,
	declaration {{json}} not null,
	item_hash text not null,
	submitted_at {{time}},
	submitted_by {{ref}} not null,
	reviewer_id {{ref}} not null,
	reviewer text not null,
	reviewed_at {{time}},
	reason text not null,
	publisher_id {{ref}} not null,
	publisher text not null,
	published_at {{time}},
	created_at {{time}} not null,
	changed_at {{time}} not null,
	primary key (article_id, number)
);

create table article_file (
	article_id {{ref}} not null,
	number integer not null,
	hash text not null,
	primary key (article_id, number, hash)
);
create index article_file_hash on article_file (hash);
