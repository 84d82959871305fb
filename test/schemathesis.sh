#!/bin/bash
# Holds the REST API against its own description with schemathesis (PyPI): no server error, no answer that is not described.
# Needs Python 3.10 or later; leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; wait; rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet schemathesis==4.32.5

export DATA_DIR="$work/data" HOST=127.0.0.1 PORT=3899 SFTP_PORT=3898 LOG_LEVEL=warn
matricula() { node src/main.ts "$@"; }
mkdir "$DATA_DIR"
echo '{"rateLimit": {"perSecond": 0}}' > "$work/settings.json"
matricula institution create tested --name Tested --settings "$work/settings.json" > "$work/log"
token=$(matricula token create tested --scope api 2>> "$work/log")
# Not by the function: its shell would end, and the server stay.
node src/main.ts serve >> "$work/log" 2>&1 &
server=$!
until curl --silent --fail --output /dev/null "http://$HOST:$PORT/readyz"; do
  kill -0 "$server" || { cat "$work/log"; exit 1; }
  sleep 0.2
done
# Another server at this port would answer too, and know no such token.
curl --silent --fail --output /dev/null --header "Authorization: Bearer $token" "http://$HOST:$PORT/institutions/tested/api/v1/users"

cp test/schemathesis_hooks.py "$work"
cd "$work"
PYTHONPATH="$work" SCHEMATHESIS_HOOKS=schemathesis_hooks "$work/venv/bin/schemathesis" run \
  "http://$HOST:$PORT/institutions/tested/api/v1/openapi.json" \
  --header "Authorization: Bearer $token" \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance \
  --max-examples "${MAX_EXAMPLES:-60}" --no-color
