"""What a pass of schemathesis needs besides its configuration: seeded ids, and what OpenAPI can only say in words.

Nothing here loosens what an answer has to be; answers are even held to having no member that the document does not name.
"""

import atexit
import json
import os
import subprocess
from collections import Counter, defaultdict

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
            for parameter in operation["parameters"]:
                narrow_parameter(operation["operationId"], parameter)
    schemas = raw_schema["components"]["schemas"]
    close_answers(schemas)
    narrow_bodies(schemas)


def narrow_parameter(operation, parameter):
    name, place = parameter["name"], parameter["in"]
    if place == "path":
        # Ids that were seeded for this operation, so that there is something to find, change and delete.
        parameter["schema"] = {"type": "string", "enum": SEED["ids"][operation][name]}
    elif place == "query" and name in ("project_id", "organization_id"):
        parameter["schema"] = {"type": "string", "enum": [SEED[name], STRANGER]}
    elif place == "query" and name == "assignee":
        # With a project token `me` is a 400: OpenAPI cannot make a value depend on the token.
        words = ["none"] if PASS == "project" else ["me", "none"]
        parameter["schema"] = {"type": "string", "enum": [*words, SEED["user_id"], STRANGER]}


def close_answers(schemas):
    """Clients may meet new members some day; this proof may not."""
    for name in ("Ticket", "Comment", "Event", "Organization", "Project", "Member", "Token", "MadeToken", "Person"):
        schemas[name]["additionalProperties"] = False


def narrow_bodies(schemas):
    new = schemas["NewTicket"]["properties"]["ticket"]
    change = schemas["TicketChange"]["properties"]["ticket"]
    for ticket in (new, change):
        # Whether somebody is a member is state: a stranger is a 422.
        ticket["properties"]["assignee_id"] = {"enum": [SEED["user_id"], None]}
    if PASS == "personal":
        # A personal token has to say in which project: OpenAPI cannot make a member's presence depend on the token.
        new["required"].append("project_id")
        new["properties"]["project_id"] = {"type": "string", "enum": [SEED["project_id"], STRANGER]}
    else:
        new["properties"]["project_id"] = {"enum": [SEED["project_id"], STRANGER, None]}
    # Another project than the ticket's own is a 422, and which that is, is state.
    change["properties"]["project_id"] = {"type": "string", "enum": [SEED["project_id"]]}
    # Archiving would end the pass's project token and make the rest of the pass one 403. `tests/it` tells that story.
    schemas["ProjectChange"]["properties"]["project"]["properties"]["archived"] = {"type": "boolean", "enum": [False]}


@schemathesis.hook
def map_query(context, query):
    # A cursor is not made but followed, and fits neither another `sort` nor any `page`: OpenAPI cannot say either. `run` follows real ones.
    if query:
        query.pop("cursor", None)
    return query


TAKEN = {"code": {"has already been taken", "can't be changed"}, "idempotency_key": {"has already been taken"}}


@schemathesis.check
def refused_for_its_state_only(ctx, response, case):
    """Data that fit the document are refused with 422 only for what no document could know."""
    seen[case.operation.definition.raw["operationId"]][response.status_code] += 1
    if response.status_code != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    details = response.json().get("details", {})
    beyond = {field: messages for field, messages in details.items() if not set(messages) <= TAKEN.get(field, set())}
    assert not beyond, f"Valid data were refused: {beyond}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """In the pass of tokens every call that is made with the pass's token gets one that was made for it."""
    if PASS != "tokens":
        return
    headers = kwargs.setdefault("headers", {})
    if headers.get("Authorization") == f"Bearer {os.environ['BUGTOME_TOKEN']}":
        headers["Authorization"] = f"Bearer {fresh_token()}"


made = 0


def fresh_token():
    global made
    made += 1
    whose = SEED["make_token"][made % len(SEED["make_token"])]
    return subprocess.run(whose, check=True, capture_output=True, text=True).stdout.strip()


@atexit.register
def report():
    with open(os.environ["BUGTOME_REPORT"], "w", encoding="utf-8") as file:
        json.dump(seen, file)
