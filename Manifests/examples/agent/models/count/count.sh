#!/bin/sh
# Has the model `words` count: an agent in sh.
api() {
    curl -sS --fail-with-body --unix-socket "$IMFLOW_API" -H "Authorization: Bearer $IMFLOW_API_TOKEN" "$@"
}
request=$(cat)
text=$(printf '%s' "$request" | sed -n 's/.*"text":"\([^"]*\)".*/\1/p')
api "http://imflow/v1/jobs?wait=60" -d "{\"model\": \"words\", \"input\": {\"text\": \"$text\"}}" > "$IMFLOW_WORKDIR/answer" || {
    cat "$IMFLOW_WORKDIR/answer" >&2
    exit 1
}
sed -n 's/.*"output":{"words":\([0-9]*\)}.*/{"words": \1}/p' "$IMFLOW_WORKDIR/answer"
rm "$IMFLOW_WORKDIR/answer"
