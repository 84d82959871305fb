"""What schemathesis has to know of the REST API: how a stream of people is written."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else b""
