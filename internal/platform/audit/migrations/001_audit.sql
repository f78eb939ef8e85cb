-- +goose Up
create table audit_entry (
	id {{id}},
	at {{time}} not null,
	actor_id {{ref}} not null,
	actor text not null,
	ip text not null,
	request_id text not null,
	org_id {{ref}} not null,
	org_path {{path}} not null,
	action text not null,
	object_type text not null,
	object_id text not null,
	result text not null,
	reason text not null,
	detail text not null,
	alg text not null,
	prev_hash text not null,
	hash text not null
);
create index audit_entry_actor on audit_entry (actor_id, id);
create index audit_entry_object on audit_entry (object_type, object_id, id);
create index audit_entry_org on audit_entry (org_path, id);

create table audit_head (
	id integer primary key,
	entry_id {{ref}} not null,
	hash text not null
);
insert into audit_head (id, entry_id, hash) values (1, 0, '');
