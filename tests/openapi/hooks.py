"""What a pass of schemathesis needs besides its configuration: seeded ids, and what OpenAPI can only say in words.

Nothing here loosens what an answer has to be; answers are even held to having no member that the document does not name.
"""

import atexit
import json
import os
import subprocess
from collections import Counter, defaultdict, deque

import jsonschema_rs
import schemathesis

SEED = json.loads(os.environ["BUGTOME_SEED"])
PASS = SEED["pass"]
# Nobody's id: what cannot be reached.
STRANGER = "0193a3c4-0000-7000-8000-00000000000a"

seen = defaultdict(Counter)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    for item in raw_schema["paths"].values():
        for operation in item.values():
            # A cursor is not made but followed, and fits neither another `sort` nor any `page`: OpenAPI cannot say either.
            # `run` follows real ones.
            operation["parameters"] = [parameter for parameter in operation["parameters"] if parameter["name"] != "cursor"]
            for parameter in operation["parameters"]:
                seed_parameter(operation["operationId"], parameter)
    schemas = raw_schema["components"]["schemas"]
    close_answers(schemas)
    seed_bodies(schemas)


def rather(values, schema):
    """One of these, most of the time; else whatever the document allows."""
    return {"anyOf": [{"enum": values}, schema]}


def seed_parameter(operation, parameter):
    name, place, schema = parameter["name"], parameter["in"], parameter["schema"]
    if place == "path":
        # Ids that were seeded for this operation, so that there is something to find, change and delete.
        seeded = SEED["ids"][operation][name]
        parameter["schema"] = rather(seeded, schema)
        parameter["examples"] = {f"seeded-{number}": {"value": value} for number, value in enumerate(seeded)}
    elif place == "query" and name in ("project_id", "organization_id"):
        parameter["schema"] = rather([SEED[name]], schema)
    elif place == "query" and name == "assignee" and PASS == "project":
        # With a project token `me` is a 400: OpenAPI cannot make a value depend on the token.
        parameter["schema"] = rather(["none"], schema["anyOf"][1])


def close_answers(schemas):
    """Clients may meet new members some day; this proof may not."""
    for name in ("Ticket", "Comment", "Event", "Organization", "Project", "Member", "Token", "MadeToken", "Person"):
        schemas[name]["additionalProperties"] = False


def seed_bodies(schemas):
    new = schemas["NewTicket"]["properties"]["ticket"]
    change = schemas["TicketChange"]["properties"]["ticket"]
    some_id = change["properties"]["project_id"]
    for ticket in (new["properties"], change["properties"]):
        ticket["assignee_id"] = rather([SEED["user_id"], None], some_id)
    change["properties"]["project_id"] = rather([SEED["project_id"]], some_id)
    if PASS == "personal":
        # A personal token has to say in which project: OpenAPI cannot make a member's presence depend on the token.
        new["required"].append("project_id")
        new["properties"]["project_id"] = rather([SEED["project_id"]], some_id)
    else:
        new["properties"]["project_id"] = rather([SEED["project_id"], None], some_id)
    # Archiving would end the pass's project token and make the rest of the pass one 403. `tests/it` tells that story.
    schemas["ProjectChange"]["properties"]["project"]["properties"]["archived"] = {"type": "boolean", "enum": [False]}


# What no document could know: that a code is taken or fixed by now, that somebody is no member, which project a ticket is in.
STATE = {
    "code": {"has already been taken", "can't be changed"},
    "idempotency_key": {"has already been taken"},
    "assignee_id": {"is invalid"},
    "project_id": {"can't be changed"},
}


@schemathesis.check
def refused_for_its_state_only(ctx, response, case):
    """Data that fit the document are refused with 422 only for what no document could know."""
    seen[case.operation.definition.raw["operationId"]][response.status_code] += 1
    if response.status_code != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    details = response.json().get("details", {})
    beyond = {field: messages for field, messages in details.items() if not set(messages) <= STATE.get(field, set())}
    assert not beyond, f"Valid data were refused: {beyond}"


calls = 0


@schemathesis.hook
def before_call(context, case, kwargs):
    global calls
    calls += 1
    key = (case.headers or {}).get("Idempotency-Key")
    if key and case.meta is not None and case.meta.generation.mode.is_positive:
        # The same few keys come again and again; each is made a new one, so that the request is judged and no kept answer given.
        case.headers["Idempotency-Key"] = f"{key}{calls}"[-255:]


WHITE = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def trimmed(value):
    if isinstance(value, str):
        return value.strip(WHITE)
    if isinstance(value, dict):
        return {name: trimmed(member) for name, member in value.items()}
    return [trimmed(item) for item in value] if isinstance(value, list) else value


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """White space at both ends does not count, but `maxLength` counts it, and a pattern that repeats 50,000 times is refused by validators.

    So a text that is too long only by that is taken although the schema refuses it: dropped is a failure whose body, trimmed, fits the document.
    """
    if type(failure).__name__ != "AcceptedNegativeData" or not isinstance(case.body, dict) or trimmed(case.body) == case.body:
        return True
    body = case.operation.get_body_for_media_type("application/json")
    return not jsonschema_rs.is_valid(body.optimized_schema, trimmed(case.body))


if PASS == "endings":

    @schemathesis.auth(refresh_interval=None)
    class FreshToken:
        """Two of these operations end the token that calls them, so that every call has one that was made for it."""

        made = 0
        given = deque()

        def get(self, case, context):
            FreshToken.made += 1
            # No more than fifty of a user, and of a project, work at once. Cases are made some time before they are sent.
            while len(FreshToken.given) >= 80:
                subprocess.run(SEED["revoke_token"], input=FreshToken.given.popleft(), check=True, capture_output=True, text=True)
            command = SEED["make_token"][FreshToken.made % len(SEED["make_token"])]
            token = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
            FreshToken.given.append(token)
            return token

        def set(self, case, token, context):
            case.headers["Authorization"] = f"Bearer {token}"


@atexit.register
def report():
    with open(os.environ["BUGTOME_REPORT"], "w", encoding="utf-8") as file:
        json.dump(seen, file)
