from __future__ import annotations

import asyncio
import gc
import time
import weakref
from typing import TYPE_CHECKING, Any, cast

import orjson
import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    get_introspection_query,
    parse,
)
from http_world import World

from customer_gateway.api.engine import Engine, Prepared, RefusedOperation, RequestScope
from customer_gateway.api.limits import DocumentLimits, weight_of
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.api.reply import Reply

pytestmark = pytest.mark.anyio

BOTH = pytest.mark.parametrize("executor", ["breadth", "reference"])


def refused(document: str, name: str | None = None, limits: DocumentLimits | None = None) -> tuple[str, str]:
    """The stage at which a document is refused and the code that says why."""
    outcome = World().engine(limits=limits).prepare(document, name)
    assert isinstance(outcome, RefusedOperation)
    return outcome.stage, outcome.errors[0]["extensions"]["code"]


async def reply_of(engine: Engine, document: str, variables: dict[str, Any] | None = None) -> Reply:
    prepared = engine.prepare(document, None)
    assert isinstance(prepared, Prepared), prepared
    return await engine.begin(
        prepared, variables, rights=EVERY_RIGHT, deadline=Deadline.after(1), request_id="r1"
    ).run()


def extensions_of(reply: Reply) -> dict[str, Any]:
    return reply.errors[0]["extensions"]


@BOTH
async def test_an_operation_is_answered_in_json(executor: ExecutorName) -> None:
    reply = await reply_of(World().engine(executor), '{ hello(name: "you") people(first: 1) { id name } }')

    assert reply.encode("r1") == b'{"data":{"hello":"hello you","people":[{"id":"0","name":"person 0"}]}}'


@BOTH
async def test_both_executors_are_told_which_fields_the_operation_reads(executor: ExecutorName) -> None:
    world = World()

    await reply_of(
        world.engine(executor),
        "query ($all: Boolean!) { people { ...P } } fragment P on Person { id name @include(if: $all) }",
        {"all": False},
    )

    assert world.scopes[0].fields == {"Query": {"people"}, "Person": {"id"}}


@BOTH
async def test_a_condition_that_is_null_below_the_root_is_an_error_of_the_field_above(executor: ExecutorName) -> None:
    world = World()

    reply = await reply_of(
        world.engine(executor),
        "query ($all: Boolean = true) { hello again { hello noted @include(if: $all) } }",
        {"all": None},
    )

    assert reply.stage == "executed"
    assert reply.data == b'{"hello":"hello world","again":null}'
    assert [(error["path"], error["extensions"]["code"]) for error in reply.errors] == [(["again"], "BAD_USER_INPUT")]
    assert world.scopes[0].fields == {"Query": {"hello", "again"}}


class Context:
    """What an execution holds of what it has read."""


async def grouped(_source: object, _info: object) -> str:
    async with asyncio.TaskGroup() as group:
        group.create_task(down())
    return "unreachable"


async def down() -> None:
    raise ValueError("one of many")


@pytest.mark.parametrize(
    "field",
    [
        "broken",
        "brittle",
        "down",
        "people { secret }",
        "page(first: 0)",
        "noted",
        "again { broken brittle }",
        "again { one: brittle two: brittle down }",
    ],
)
async def test_what_an_execution_with_errors_has_read_is_freed_with_it(field: str) -> None:
    made: list[weakref.ref[Context]] = []

    def context(_scope: RequestScope) -> Context:
        fresh = Context()
        made.append(weakref.ref(fresh))
        return fresh

    schema = World().schema()
    cast("GraphQLObjectType", schema.query_type).fields["noted"].resolve = grouped
    engine = Engine(schema, "breadth", context, DocumentLimits())
    gc.collect()
    gc.disable()
    try:
        reply = await reply_of(engine, f"{{ {field} }}")
        await asyncio.sleep(0.01)
        (kept,) = [reference() for reference in made]
    finally:
        gc.enable()

    assert reply.errors
    assert kept is None


async def test_variables_are_read_once_whoever_asks_for_them() -> None:
    read: list[str] = []

    def note(value: str) -> str:
        read.append(value)
        return value

    def greet(_source: object, _info: object, name: str) -> str:
        return name

    noted = GraphQLScalarType("Noted", coerce_input_value=note)
    hello = GraphQLField(GraphQLString, {"name": GraphQLArgument(noted)}, greet)
    schema = GraphQLSchema(GraphQLObjectType("Query", {"hello": hello}))
    engine = Engine(schema, "breadth", lambda scope: scope, DocumentLimits())

    reply = await reply_of(engine, "query ($n: Noted) { hello(name: $n) }", {"n": "you"})

    assert (reply.data, read) == (b'{"hello":"you"}', ["you"])


@BOTH
async def test_what_resolvers_note_is_told_in_the_extensions(executor: ExecutorName) -> None:
    reply = await reply_of(World().engine(executor), "{ noted }")

    assert orjson.loads(reply.encode("r1")) == {
        "data": {"noted": "in part"},
        "extensions": {"incomplete": [{"path": ["noted"], "system": "next"}]},
    }


@BOTH
async def test_variables_that_do_not_fit_stop_the_request_before_anything_runs(executor: ExecutorName) -> None:
    reply = await reply_of(World().engine(executor), "query ($n: Int) { people(first: $n) { id } }", {"n": "2"})

    assert (reply.stage, reply.data, extensions_of(reply)) == ("variables", None, {"code": "BAD_USER_INPUT"})
    assert b'"data"' not in reply.encode("r1")


@BOTH
async def test_a_failed_system_is_named_with_what_to_do_about_it(executor: ExecutorName) -> None:
    reply = await reply_of(World().engine(executor), "{ down hello }")

    assert orjson.loads(cast("bytes", reply.data)) == {"down": None, "hello": "hello world"}
    assert reply.errors == [
        {
            "message": "billbee: connection refused",
            "locations": [{"line": 1, "column": 3}],
            "path": ["down"],
            "extensions": {
                "code": "UPSTREAM_UNAVAILABLE",
                "system": "billbee",
                "retryable": True,
                "retryAfterMs": 1500,
            },
        }
    ]


@BOTH
async def test_a_mistake_of_ours_is_masked(executor: ExecutorName) -> None:
    reply = await reply_of(World().engine(executor), "{ broken }")

    assert extensions_of(reply) == {"code": "INTERNAL_SERVER_ERROR"}
    assert b"hunter2" not in reply.encode("r1")


@BOTH
async def test_a_null_where_none_may_be_is_masked_and_takes_the_data_along(executor: ExecutorName) -> None:
    reply = await reply_of(World().engine(executor), "{ brittle }")

    assert (reply.stage, reply.data) == ("executed", b"null")
    assert extensions_of(reply) == {"code": "INTERNAL_SERVER_ERROR"}


@BOTH
@pytest.mark.parametrize("first", ["0", "101"])
async def test_what_a_resolver_refuses_keeps_its_code_and_words(executor: ExecutorName, first: str) -> None:
    reply = await reply_of(World().engine(executor), f"{{ page(first: {first}) }}")

    assert extensions_of(reply) == {"code": "BAD_USER_INPUT"}
    assert reply.errors[0]["message"].startswith("first ")


@BOTH
async def test_an_argument_that_cannot_be_had_is_the_callers_to_mend(executor: ExecutorName) -> None:
    reply = await reply_of(World().engine(executor), "query ($n: Int = 3) { page(first: $n) }", {"n": None})

    assert extensions_of(reply) == {"code": "BAD_USER_INPUT"}


async def test_each_reader_of_a_shared_reply_finds_its_own_request_id_in_the_errors() -> None:
    reply = await reply_of(World().engine(), "{ down }")

    first, second = (orjson.loads(reply.encode(request_id)) for request_id in ("r1", "r2"))

    assert [answer["errors"][0]["extensions"]["requestId"] for answer in (first, second)] == ["r1", "r2"]
    assert "requestId" not in extensions_of(reply)


async def test_a_context_that_cannot_be_made_is_our_fault_and_masked() -> None:
    def no_context(_: object) -> object:
        raise RuntimeError("no such thing")

    reply = await reply_of(Engine(World().schema(), "breadth", no_context, DocumentLimits()), "{ hello }")

    assert (reply.stage, reply.data, extensions_of(reply)) == ("failed", None, {"code": "INTERNAL_SERVER_ERROR"})


def test_a_document_is_prepared_once_however_often_it_comes() -> None:
    engine = World().engine()

    assert engine.prepare("{ hello }", None) is engine.prepare("{ hello }", None)


def test_a_refusal_is_remembered_too() -> None:
    engine = World().engine()

    assert engine.prepare("{ nonsense }", None) is engine.prepare("{ nonsense }", None)


def test_documents_are_remembered_up_to_their_weight_together() -> None:
    engine = World().engine(limits=DocumentLimits(kept_tokens=50))
    first = engine.prepare("{ z: hello }", None)
    names = [f"{{ n{number}: hello }}" for number in range(8)]
    kept = [engine.prepare(name, None) for name in names]

    assert [engine.prepare(name, None) for name in names] == kept
    assert engine.prepare("{ z: hello }", None) is not first


def test_refusals_push_out_no_document() -> None:
    engine = World().engine(limits=DocumentLimits(kept_refusals=8))
    good, bad = engine.prepare("{ hello }", None), engine.prepare("{ bad }", None)

    for number in range(100):
        engine.prepare(f"{{ bad{number} }}", None)

    assert engine.prepare("{ hello }", None) is good
    assert engine.prepare("{ bad }", None) is not bad


async def test_plans_of_all_documents_are_kept_up_to_their_fields_together() -> None:
    engine = World().engine(limits=DocumentLimits(kept_fields=200))
    names = [f"v{number}" for number in range(5)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: __typename @include(if: ${name})" for name in names)

    for document in (f"query ({declared}) {{ {fields} n{number}: __typename }}" for number in range(3)):
        for setting in range(32):
            variables = {name: bool(setting >> bit & 1) for bit, name in enumerate(names)}
            reply = await reply_of(engine, document, variables)
            assert not reply.errors
            assert engine._plans.weight <= 200  # pyright: ignore[reportPrivateUsage]  the bound is what the test is of

    assert 20 <= len(engine._plans) <= 40  # pyright: ignore[reportPrivateUsage]  as above


def test_the_weight_of_a_document_counts_its_words_and_its_length() -> None:
    short, long = "{ hello }", f"{{ hello }} # {'x' * 10_000}"

    weights = [weight_of(parse(source), source) for source in (short, long)]

    assert weights == [4, 4 + 1 + 100]


def test_the_same_document_under_another_operation_name_is_another_operation() -> None:
    engine = World().engine()
    document = "query A { hello } query B { read }"

    names = [engine.prepare(document, name) for name in ("A", "B")]

    assert [cast("Prepared", one).compiled.operation_name for one in names] == ["A", "B"]


@pytest.mark.parametrize(
    ("document", "name", "expected"),
    [
        ("{", None, ("parse", "GRAPHQL_PARSE_FAILED")),
        ("", None, ("parse", "GRAPHQL_PARSE_FAILED")),
        ("{ helo }", None, ("validation", "GRAPHQL_VALIDATION_FAILED")),
        ("{ ...Nowhere }", None, ("validation", "GRAPHQL_VALIDATION_FAILED")),
        ("query A { hello } query B { hello }", None, ("operation", "OPERATION_RESOLUTION_FAILURE")),
        ("query A { hello }", "B", ("operation", "OPERATION_RESOLUTION_FAILURE")),
        ("fragment F on Query { hello }", None, ("validation", "GRAPHQL_VALIDATION_FAILED")),
    ],
)
def test_a_document_that_cannot_run_says_at_which_stage_it_failed(
    document: str, name: str | None, expected: tuple[str, str]
) -> None:
    assert refused(document, name) == expected


def test_a_misspelt_name_is_told_with_the_right_one() -> None:
    outcome = World().engine().prepare("{ helo people(frist: 1) { id } ...F } fragment F on Quary { hello }", None)

    assert isinstance(outcome, RefusedOperation)
    assert {error["message"].partition(". ")[2] for error in outcome.errors} == {
        "Did you mean 'hello'?",
        "Did you mean 'first'?",
        "Did you mean 'Query'?",
    }


def test_a_message_that_repeats_a_long_value_is_cut() -> None:
    outcome = World().engine().prepare(f'{{ people(first: "{"x" * 5000}") {{ id }} }}', None)

    assert isinstance(outcome, RefusedOperation)
    assert len(outcome.errors[0]["message"]) <= 500


def test_the_standard_introspection_query_passes_the_limits() -> None:
    query = get_introspection_query(specified_by_url=True, directive_is_repeatable=True, schema_description=True)

    assert isinstance(World().engine(limits=DocumentLimits(depth=3)).prepare(query, None), Prepared)


INTROSPECTIONS = [
    # All that GraphiQL, Apollo, graphql-codegen and Relay ask for, each by options of its own.
    get_introspection_query(),
    get_introspection_query(descriptions=False),
    get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        one_of=True,
        type_depth=9,
    ),
]


@pytest.mark.parametrize("query", INTROSPECTIONS)
@pytest.mark.parametrize("twice", [False, True])
def test_introspection_queries_of_clients_pass_the_limits(query: str, *, twice: bool) -> None:
    if twice:
        query = query.replace("query IntrospectionQuery {", "query IntrospectionQuery { again: __schema { ...S }", 1)
        query += " fragment S on __Schema { types { ...FullType } directives { name args { ...InputValue } } }"

    assert isinstance(World().engine().prepare(query, None), Prepared)


@pytest.mark.parametrize(
    "document",
    [
        "{ __schema { " + " ".join(f"t{n}: types {{ name }}" for n in range(21)) + " } }",
        "{ " + " ".join(f's{n}: __type(name: "Person") {{ fields {{ name }} }}' for n in range(21)) + " }",
        "{ __schema { ...A ...B } } fragment A on __Schema { "
        + " ".join(f"a{n}: types {{ fields {{ args {{ name }} }} }}" for n in range(7))
        + " } fragment B on __Schema { types { name } }",
    ],
)
def test_introspection_that_multiplies_is_refused(document: str) -> None:
    assert refused(document) == ("limits", "QUERY_TOO_COMPLEX")


def test_fields_of_data_with_the_names_of_introspection_are_not_counted_for_it() -> None:
    document = "{ " + " ".join(f"f{n}: people {{ types: id args: name }}" for n in range(30)) + " }"

    assert isinstance(World().engine().prepare(document, None), Prepared)


@pytest.mark.parametrize(("levels", "fits"), [(5, True), (6, False)])
def test_depth_is_counted_through_fragments(levels: int, fits: bool) -> None:
    limits = DocumentLimits(depth=5)
    chain = " ".join(f"fragment F{n} on Query {{ again {{ ...F{n + 1} }} }}" for n in range(1, levels))
    document = f"{{ ...F1 }} {chain} fragment F{levels} on Query {{ hello }}"

    outcome = World().engine(limits=limits).prepare(document, None)

    assert isinstance(outcome, Prepared) is fits
    assert fits or refused(document, limits=limits) == ("limits", "QUERY_TOO_DEEP")


def test_an_inline_fragment_is_no_level_of_its_own() -> None:
    document = "{ again { ... on Query { ... { hello } } } }"

    assert isinstance(World().engine(limits=DocumentLimits(depth=2)).prepare(document, None), Prepared)


def spreads(count: int, body: str, last: str) -> str:
    """A chain of `count` fragments, each with a body that mentions the NEXT."""
    links = " ".join(f"fragment F{n} on Query {{ {body.replace('NEXT', f'...F{n + 1}')} }}" for n in range(count))
    return f"{{ ...F0 }} {links} fragment F{count} on Query {{ {last} }}"


HOSTILE = {
    "104 kB of clashing aliases": (" ".join(f"x: page(first: {n})" for n in range(5500)), "QUERY_TOO_LARGE"),
    "10,000 aliases": (" ".join(f"x{n}: hello" for n in range(7000)), "QUERY_TOO_LARGE"),
    "one alias 3,000 times": ("x: again { hello } " * 3000, "QUERY_TOO_LARGE"),
    "one alias as often as the tokens allow": ("x: again { hello } " * 330, "QUERY_TOO_COMPLEX"),
    "166 kB of directives": ("hello" + " @skip(if: true)" * 10_000, "QUERY_TOO_LARGE"),
    "as many directives as the tokens allow": ("hello" + " @skip(if: true)" * 280, "GRAPHQL_VALIDATION_FAILED"),
    "nothing but comments": ("#\n" * 45_000 + "hello", "QUERY_TOO_LARGE"),
    "600 levels": ("again { " * 600 + "hello" + " }" * 600, "QUERY_TOO_DEEP"),
    "a value of 900 lists": ("page(first: " + "[" * 900 + "]" * 900 + ")", "QUERY_TOO_DEEP"),
    "unknown fields": (" ".join(f"f{n}" for n in range(1900)), "GRAPHQL_VALIDATION_FAILED"),
}
HOSTILE_DOCUMENTS = {name: (f"{{ {body} }}", code) for name, (body, code) in HOSTILE.items()} | {
    "a cycle of fragments": (
        "{ ...A } fragment A on Query { again { ...B } } fragment B on Query { again { ...A } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "fragments that double at each of 14 steps": (
        spreads(13, " ".join(f"x{n}: again {{ NEXT }}" for n in range(12)), "hello"),
        "QUERY_TOO_COMPLEX",
    ),
    "fragments that only repeat each other": (spreads(30, "NEXT " * 18, "hello"), "QUERY_TOO_COMPLEX"),
    "a chain of 140 fragments in fragments in fragments": (
        spreads(140, "... { ... { NEXT } }", "hello"),
        "QUERY_TOO_DEEP",
    ),
    "a chain of 200 fragments": (spreads(200, "NEXT", "hello"), "QUERY_TOO_COMPLEX"),
}


@pytest.mark.parametrize("name", HOSTILE_DOCUMENTS)
def test_a_hostile_document_is_refused_by_name(name: str) -> None:
    document, code = HOSTILE_DOCUMENTS[name]

    assert refused(document)[1] == code


def test_hostile_documents_do_not_hold_up_the_loop() -> None:
    """Bounds ten times what was measured: stock validation took seconds for some of these."""
    began = time.process_time()

    for document, _ in HOSTILE_DOCUMENTS.values():
        refused(document)

    assert time.process_time() - began < 0.5 * len(HOSTILE_DOCUMENTS)


MULTIPLYING = "{ again { again { " + " ".join(f"p{n}: people(first: 100) {{ id name }}" for n in range(40)) + " } } }"


@BOTH
async def test_an_answer_past_the_budget_of_values_is_one_refusal(executor: ExecutorName) -> None:
    limits = DocumentLimits(answer_values=1_000)

    reply = await reply_of(World().engine(executor, limits), MULTIPLYING)

    assert reply.data == b"null"
    (error,) = reply.errors
    assert error["message"] == (
        "The answer has more than 1000 values; ask for fewer rows or fewer fields here, or in several requests."
    )
    assert error["path"][:2] == ["again", "again"]
    assert error["extensions"] == {"code": "QUERY_TOO_COMPLEX"}


@BOTH
async def test_an_answer_past_the_budget_of_bytes_is_one_refusal(executor: ExecutorName) -> None:
    reply = await reply_of(World().engine(executor, DocumentLimits(answer_bytes=10_000)), MULTIPLYING)

    assert reply.data == b"null"
    assert [error["extensions"] for error in reply.errors] == [{"code": "QUERY_TOO_COMPLEX"}]
    assert "more than 10000 bytes" in reply.errors[0]["message"]


@BOTH
async def test_an_answer_within_the_budget_is_given(executor: ExecutorName) -> None:
    reply = await reply_of(World().engine(executor, DocumentLimits(answer_values=13_000)), MULTIPLYING)

    assert reply.errors == []


async def test_an_answer_so_far_of_what_was_refused_is_the_refusal_and_runs_nothing() -> None:
    world = World()
    engine = Engine(
        world.schema(),
        "breadth",
        world.context,
        DocumentLimits(answer_values=1_000),
        so_far=lambda _: pytest.fail("made again"),
    )
    prepared = engine.prepare(MULTIPLYING, None)
    assert isinstance(prepared, Prepared)
    execution = engine.begin(prepared, None, rights=EVERY_RIGHT, deadline=Deadline.after(1), request_id="r1")
    refusal = await execution.run()

    assert (await execution.so_far()).errors == refusal.errors


@BOTH
async def test_a_list_in_the_variables_is_refused_by_its_length_before_it_is_coerced(executor: ExecutorName) -> None:
    class Coerced(list[Any]):
        def __iter__(self) -> Any:
            pytest.fail("looked at")

    document = "query ($first: Int) { people(first: $first) { id } }"

    reply = await reply_of(World().engine(executor), document, {"first": Coerced([1] * 1_001)})

    assert reply.data is None
    assert [(error["message"], error["extensions"]["code"]) for error in reply.errors] == [
        ("Variable '$first' has a list of 1001 items, the most is 1000; ask in several requests.", "BAD_USER_INPUT")
    ]


async def test_a_long_list_is_found_wherever_it_stands_in_the_variables() -> None:
    document = "query ($first: Int) { people(first: $first) { id } }"

    reply = await reply_of(World().engine(), document, {"first": {"a": [{"b": [0] * 1_001}]}})

    assert "list of 1001 items" in reply.errors[0]["message"]


DIGITS = "9" * 5_000


@pytest.mark.parametrize(
    "document",
    [
        f"{{ people(first: {DIGITS}) {{ id }} }}",
        f"{{ people(first: [{DIGITS}]) {{ id }} }}",
        f"{{ people(first: {{ a: {DIGITS} }}) {{ id }} }}",
        f"{{ people(first: -{DIGITS}.5) {{ id }} }}",
        f"{{ hello(name: {DIGITS}) }}",
        f"query ($first: Int = {DIGITS}) {{ people(first: $first) {{ id }} }}",
        f"{{ hello @skip(if: {DIGITS}) }}",
        "{ people(first: 1e400) { id } }",
        "query ($first: Int = -1e999) { people(first: $first) { id } }",
    ],
)
def test_a_number_that_cannot_be_read_is_refused_in_plain_words(document: str) -> None:
    outcome = World().engine().prepare(document, None)

    assert isinstance(outcome, RefusedOperation)
    (error,) = outcome.errors
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert error["message"] in {
        "A number has more than 100 characters; write it shorter, or as a string.",
        "A number is too large for a Float; write a smaller one, or a string.",
    }
    assert error["locations"][0]["line"] == 1


def test_long_digits_in_a_string_are_a_string() -> None:
    assert isinstance(World().engine().prepare(f'{{ hello(name: "{DIGITS}") }}', None), Prepared)
