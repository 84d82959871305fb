/**
 * The tables of the ceiling: a row of JSON text a user under seven indexes, a row an event; every commit durable.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

const TABLES = `
  pragma page_size=8192;
  pragma journal_mode=wal;
  pragma synchronous=full;
  pragma cache_size=-65536;
  create table users (pk integer primary key, institution text, id text, version text, netid text, netid2 text, netid3 text,
    email text, userName text, modified integer, doc text) strict;
  create unique index users_id on users (institution, id);
  create unique index users_netid on users (institution, netid) where netid is not null;
  create unique index users_netid2 on users (institution, netid2) where netid2 is not null;
  create unique index users_netid3 on users (institution, netid3) where netid3 is not null;
  create unique index users_email on users (institution, email) where email is not null;
  create unique index users_userName on users (institution, userName) where userName is not null;
  create index users_modified on users (institution, modified, pk);
  create table events (pk integer primary key, institution text, id text, subject text, doc text) strict;
  create unique index events_id on events (institution, id);
  create index events_subject on events (institution, subject, pk);
`

/** Makes the tables in an empty database. */
export function openCeilingTables(db: DatabaseSync): { readonly insert: StatementSync; readonly record: StatementSync } {
  db.exec(TABLES)
  return {
    /** id, version, netid, email, userName, modified, doc; nothing where a key is taken. */
    insert: db.prepare(
      `insert into users (institution, id, version, netid, email, userName, modified, doc) values ('b', ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
    ),
    /** id, subject, doc */
    record: db.prepare(`insert into events (institution, id, subject, doc) values ('b', ?, ?, ?)`),
  }
}
