"""What Schemathesis is to know beside the document, and a check of our own."""

import os

import schemathesis

# Of HTTP itself, and of what protects a page.
UNDOCUMENTED = {
    "connection",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "keep-alive",
    "referrer-policy",
    "transfer-encoding",
    "x-content-type-options",
}

# The project that an API key is to name; nothing where the token is bound to one.
PROJECT = os.environ.get("CUBBY_PROJECT")


@schemathesis.check
def documented_headers(ctx, response, case):
    """An answer has no header that the document does not give it."""
    definition = case.operation.responses.find_by_status_code(response.status_code)
    if definition is None:
        return
    documented = {name.lower() for name, _ in definition.headers.items()}
    unknown = {name.lower() for name in response.headers} - documented - UNDOCUMENTED
    assert not unknown, f"headers that are not in the document: {', '.join(sorted(unknown))}"


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Puts what nobody can guess into a case whose data is otherwise what it was made to be."""
    query = case.query if isinstance(case.query, dict) else {}
    # Only the page before has a cursor to give.
    if case.operation.path == "/infra/kv" and is_positive(case):
        query.pop("cursor", None)
    if is_positive(case):
        decide_on_backups(case)
    # Only a store with replicas takes it.
    if is_positive(case) and case.headers:
        case.headers.pop("X-Durability", None)
    if PROJECT:
        name_project(case, query)


def decide_on_backups(case):
    """Of members that exclude one another a body has one, and a schedule's name is shorter than a key may be."""
    path, method = case.operation.path, case.operation.method.upper()
    if path == "/api/kv/backup-place":
        body = case.body if isinstance(case.body, dict) else {}
        others = {name: value for name, value in body.items() if name not in ("s3", "volume")}
        case.body = {**others, "volume": {"claim_name": "backups"}}
    elif path == "/api/kv/restore":
        body = case.body if isinstance(case.body, dict) else {}
        others = {name: value for name, value in body.items() if name not in ("object", "place")}
        case.body = {"backup": "first", **others}
    elif path == "/api/kv/backup-schedules/{name}" and method == "PUT":
        case.path_parameters["name"] = "nightly"


def name_project(case, query):
    """Names the project of the token wherever a project is named in a valid way, or in none."""
    if isinstance(query.get("project_id", ""), str):
        if any(parameter.name == "project_id" for parameter in case.operation.query):
            case.query = {**query, "project_id": PROJECT}
    elif isinstance(case.body, dict):
        # The body would be asked first, and hide what is wrong with the query.
        case.body.pop("project_id", None)
    if isinstance(case.body, dict) and is_name(case.body.get("project_id")):
        case.body["project_id"] = PROJECT


def is_name(value):
    """Whether a body may name a project so."""
    if isinstance(value, bool):
        return False
    return isinstance(value, str) or isinstance(value, int) and abs(value) < 2**53


def is_positive(case):
    return case.meta is None or case.meta.generation.mode.is_positive
