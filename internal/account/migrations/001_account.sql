-- +goose Up
create table account (
	id {{id}},
	name text not null unique,
	display_name text not null,
	state text not null,
	changed_at {{time}} not null,
	password text not null,
	password_at {{time}},
	totp {{bytes}},
	totp_at {{time}},
	totp_step bigint not null,
	version bigint not null,
	created_at {{time}} not null,
	created_by {{ref}} not null,
	signed_in_at {{time}},
	closing_at {{time}},
	closing_by {{ref}} not null
);

create table account_password (
	id {{id}},
	account_id {{ref}} not null references account (id),
	password text not null,
	set_at {{time}} not null
);
create index account_password_account on account_password (account_id, id);

create table account_recovery (
	id {{id}},
	account_id {{ref}} not null references account (id),
	hash {{bytes}} not null,
	used_at {{time}}
);
create index account_recovery_account on account_recovery (account_id);

create table account_grant (
	id {{id}},
	account_id {{ref}} not null references account (id),
	role text not null,
	org_id {{ref}} not null,
	org_path {{path}} not null,
	from_at {{time}} not null,
	until_at {{time}},
	granted_at {{time}} not null,
	granted_by {{ref}} not null,
	withdrawn_at {{time}},
	withdrawn_by {{ref}} not null,
	reason text not null
);
create index account_grant_account on account_grant (account_id);
create index account_grant_org on account_grant (org_path);

create table account_session (
	id {{id}},
	token {{bytes}} not null unique,
	account_id {{ref}} not null references account (id),
	stage text not null,
	address text not null,
	device text not null,
	idle bigint not null,
	created_at {{time}} not null,
	seen_at {{time}} not null,
	expires_at {{time}} not null
);
create index account_session_account on account_session (account_id, seen_at);
create index account_session_end on account_session (expires_at);

create table account_token (
	id {{id}},
	hash {{bytes}} not null unique,
	account_id {{ref}} not null references account (id),
	label text not null,
	scopes text not null,
	created_at {{time}} not null,
	used_at {{time}},
	expires_at {{time}},
	revoked_at {{time}}
);
create index account_token_account on account_token (account_id, id);

create table account_link (
	id {{id}},
	hash {{bytes}} not null unique,
	purpose text not null,
	account_id {{ref}} not null,
	created_at {{time}} not null,
	created_by {{ref}} not null,
	approved_at {{time}},
	approved_by {{ref}} not null,
	expires_at {{time}},
	used_at {{time}}
);
create index account_link_account on account_link (account_id, id);

create table account_throttle (
	key {{bytes}} not null primary key,
	failures bigint not null,
	since {{time}} not null,
	locked_until {{time}}
);
create index account_throttle_since on account_throttle (since);
