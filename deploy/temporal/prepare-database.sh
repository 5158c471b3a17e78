#!/bin/sh
# Makes the databases of a Temporal server, or brings them up to the version of this tool. Safe to run again.
# The tool reads SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD from the environment.
set -eu
schemas=${TEMPORAL_SCHEMAS:-/etc/temporal/schema/postgresql/v12}

# $1: the database, $2: the folder of its schema
prepare() {
  temporal-sql-tool --db "$1" create-database --defaultdb postgres
  if said=$(temporal-sql-tool --db "$1" update-schema -d "$schemas/$2/versioned" 2>&1); then
    echo "$said"
    return
  fi
  case $said in
    # Only then: to set up a schema that is there would set its version back.
    *schema_version*'does not exist'*) ;;
    *)
      echo "$said" >&2
      exit 1
      ;;
  esac
  temporal-sql-tool --db "$1" setup-schema -v 0.0
  temporal-sql-tool --db "$1" update-schema -d "$schemas/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
