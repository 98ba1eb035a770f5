"""Commands that are generated from the OpenAPI document: `salsa <noun> <verb> [ID] [--field VALUE ...]`.

A command is a thin client of one operation. Nothing of the service is imported: a command starts
as fast as Python does.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

import click

from api.cli.client import BASE, JSON, Answer, Client, connect, encode_parts
from api.cli.openapi_operations import (
    NDJSON,
    Field,
    Operation,
    Schema,
    find_fields,
    group_operations,
    load_document,
    resolve,
    set_value,
    singular,
)
from api.cli.printing import print_answer, print_fields, print_json

HEADERS: Final = {"Salsa-Officer": "officer", "Salsa-Purpose": "purpose", "Salsa-Case": "case"}
ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
WAIT_SECONDS: Final = 30
DEFAULT_VERBS: Final = {"import": "load"}
"""Verbs that may be left out: `salsa import FILE` loads it."""


class Generated(click.Group):
    """The commands of one noun, each made when it is asked for.

    `local` are commands on this machine's own database: where it has the verb, --as or --key
    choose the service.
    """

    def __init__(self, noun: str, local: click.Group | None = None) -> None:
        help_text = local.help if local else describe_noun(noun)
        where = (
            "On this machine, or over HTTP with --as or --key."
            if local
            else "Over HTTP, with a key."
        )
        commands = dict(local.commands) if local else {}
        super().__init__(noun, commands=commands, help=f"{help_text}\n\n{where}")
        self.operations = group_operations()[noun]
        self.default = DEFAULT_VERBS.get(noun, "")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs, those on this machine first."""
        return [*dict.fromkeys([*self.commands, *self.operations])]

    def get_command(self, ctx: click.Context | None, name: str) -> click.Command | None:
        """Return the command of a verb, or None."""
        return self.commands.get(name) or self.get_remote(name) or self.commands.get(self.default)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; options alone are those of the verb that may be left out."""
        if self.default and args and args[0].startswith("-") and args[0] not in ("--help", "-h"):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def get_remote(self, name: str) -> click.Command | None:
        """Return the command that asks the service, or None."""
        operation = self.operations.get(name)
        return Call(operation).command() if operation else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word and the options mean."""
        is_remote = any(each.partition("=")[0] in ("--as", "--key") for each in args[1:])
        if is_remote and (command := self.get_remote(args[0])):
            return args[0], command, args[1:]
        if self.default and args[0] not in self.list_commands(ctx):
            return self.default, self.commands[self.default], args
        return super().resolve_command(ctx, args)


def describe_noun(noun: str) -> str:
    """Return what the document says of a noun."""
    tags = {each["name"]: each["description"] for each in load_document()["tags"]}
    operation = next(iter(group_operations()[noun].values()))
    text: str = tags.get(operation.segments[0]) or operation.spec["summary"]
    return text if text[-1] in ".?" else f"{text}."


@dataclass
class Call:
    """One operation with its options, and the values that a user gives."""

    operation: Operation
    values: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def query(self) -> list[Field]:
        """Return the fields of the query."""
        parameters = self.operation.parameters("query").items()
        return [
            Field(re.sub(r"\W", "_", f"query_{name}"), (name,), {**each, **each["schema"]})
            for name, each in parameters
        ]

    @cached_property
    def body(self) -> list[Field]:
        """Return the fields of the body."""
        return list(find_fields(self.operation.body)) if self.operation.body else []

    def command(self) -> click.Command:
        """Return the command."""
        operation = self.operation
        words = [each.upper() for each in operation.arguments]
        words[:1] = ["ID" if word.endswith("_ID") else word for word in words[:1]]
        arguments = [
            click.Argument([f"path_{name}"], metavar=word.removesuffix("_ID"))
            for name, word in zip(operation.arguments, words, strict=True)
        ]
        needed = [each.example for each in self.body if each.is_required]
        if len(needed) > 4:
            needed = ["--file body.json"]
        if operation.upload and JSON not in operation.contents:
            needed.append("--upload FILE")
        placeholders = [each.metavar or "" for each in arguments]
        example = " ".join(["salsa", operation.noun, operation.verb, *placeholders, *needed])
        summary = operation.spec.get("summary", "")
        return click.Command(
            operation.verb,
            params=[*arguments, *self.options()],
            callback=self.run,
            short_help=re.split(r"[;,.:] ", summary)[0].rstrip("."),
            help=f"{summary}\n\n{operation.spec.get('description', '')}\n\n\b\nExample:\n  {example}",
        )

    def options(self) -> list[click.Parameter]:
        """Return all options; where two have one name, that of the request stays."""
        own = [each.option() for each in (*self.query, *self.body)]
        flags = {flag for each in own for flag in each.opts}
        shared = [option for option in self.shared_options() if not flags.intersection(option.opts)]
        return [*own, *shared]

    def shared_options(self) -> Iterator[click.Option]:
        """Give the options that come with the kind of the operation."""
        operation, Option = self.operation, click.Option  # noqa: N806 - a class
        headers = operation.parameters("header")
        file = click.Path(dir_okay=False, path_type=Path)
        if self.body:
            yield Option(
                ["--file"],
                type=click.File("rb"),
                metavar="BODY",
                help="The body as JSON, to which options are added; - is standard input.",
            )
        if any(each.is_list for each in self.body):
            yield Option(["--empty"], multiple=True, metavar="FIELD", help="Send this list empty.")
        if operation.upload:
            yield Option(
                ["--upload"],
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                metavar="FILE",
                help=operation.upload[1],
            )
        if "If-Match" in headers:
            yield Option(
                ["--version"],
                type=click.IntRange(1),
                help="The version that you read. Left out, the current one.",
            )
        for name, flag in HEADERS.items():
            if name in headers:
                schema = headers[name]["schema"]
                kind = click.Choice(schema["enum"]) if "enum" in schema else click.STRING
                yield Option([f"--{flag}"], type=kind, help=headers[name]["description"])
        if "cursor" in operation.parameters("query"):
            yield Option(["--all"], is_flag=True, help="All pages.")
        if operation.result_path:
            yield Option(["--wait"], is_flag=True, help="Wait for the result, and print it.")
        yield Option(["--output", "-o"], type=file, metavar="FILE", help="Where the answer goes.")
        if operation.has_json:
            yield Option(["--json"], is_flag=True, help="Print JSON as it comes.")
            yield Option(
                ["--only"],
                metavar="FIELDS",
                help="Print only these fields, such as id or items.serial,items.make.",
            )
        yield Option(["--as", "account"], metavar="USER", help="An account of the demo region.")
        yield Option(["--key"], help="A key; SALSA_KEY is safer, since others see commands.")
        yield Option(["--url"], help="The service; else SALSA_URL, else the one on this machine.")
        yield Option(["--language"], metavar="CODE", help="en, es, fr or pt; else the terminal's.")

    def run(self, **values: Any) -> None:
        """Send the request that the options make, and print the answer."""
        self.values = values
        operation, get = self.operation, values.get
        client = connect(
            url=get("url"),
            key=get("key"),
            account=get("account"),
            language=get("language"),
            needs_key={} not in operation.spec.get("security", ()),
            headers={name: get(flag) for name, flag in HEADERS.items()},
        )
        ids = {
            name: find_id(
                client, self.operation.segments[0] if at == 0 else "", str(values[f"path_{name}"])
            )
            for at, name in enumerate(operation.arguments)
        }
        path = fill_path(operation.path, ids)
        if operation.method == "get":
            self.show_pages(client, path)
            return
        answer = self.post(client, path, ids)
        if get("wait"):
            number = next(iter(ids.values()), None) or answer.body["id"]
            answer = client.get(self.result_path(number), {"wait": WAIT_SECONDS})
        self.show(answer)

    def result_path(self, number: str) -> str:
        """Return the path of the result of one thing."""
        assert self.operation.result_path
        return fill_path(self.operation.result_path, {f"{self.operation.noun}_id": number})

    def show_pages(self, client: Client, path: str) -> None:
        """Print one page, or all of them."""
        query = {
            each.names[0]: str(value).lower() if isinstance(value, bool) else value
            for each in self.query
            if (value := self.values.get(each.key)) is not None
        }
        output: Path | None = self.values.get("output")
        if (
            output
            and output.suffix in (".csv", ".xlsx")
            and "format" in self.operation.parameters("query")
        ):
            query.setdefault("format", output.suffix[1:])
        if not self.values.get("all"):
            answer = client.get(path, query)
            self.show(answer)
            if answer.next_query and not output:
                click.echo("There are more. Add --all for all pages.", err=True)
        elif query.get("format", "json") != "json":
            raise click.UsageError("A file holds one page. Give --limit and --cursor with it.")
        else:
            items = [item for page in client.pages(path, query) for item in page.body["items"]]
            self.print_body({"items": items, "next": None})

    def post(self, client: Client, path: str, ids: Mapping[str, str]) -> Answer:
        """Send the body; what needs If-Match gets the version that was read."""
        body, upload = self.build_body(client), self.values.get("upload")
        content, media_type = (None if body is None else json.dumps(body).encode()), JSON
        if upload and NDJSON in self.operation.contents:
            content, media_type = upload.read_bytes(), NDJSON
        elif upload:
            assert self.operation.upload
            content, media_type = encode_parts(body or {}, self.operation.upload[0], upload)
        version = None
        if "If-Match" in self.operation.parameters("header"):
            version = self.find_version(client, ids)
        return client.post(path, content, media_type, version)

    def find_version(self, client: Client, ids: Mapping[str, str]) -> str:
        """Return the ETag of what the operation acts on, or of the version that was given."""
        if given := self.values.get("version"):
            return f'"{given}"'
        depth = 2 if ids else 1
        path = "/".join([BASE, *self.operation.segments[:depth]])
        return str(client.get(fill_path(path, ids)).headers["ETag"])

    def build_body(self, client: Client) -> dict[str, Any] | None:
        """Return the file's JSON with the options laid over it, or None where there is neither."""
        body = read_json(self.values["file"]) if self.values.get("file") else {}
        for each in self.body:
            value = self.values.get(each.key)
            if value is None or value == ():
                continue
            if each.is_list:
                value = number_lines(list(value), resolve(each.schema["items"]))
            if each.schema.get("format") == "uuid":
                value = find_id(client, f"{each.names[-1]}s", str(value))
            set_value(body, each.names, value)
        for name in self.values.get("empty") or ():
            set_value(body, name.replace("-", "_").split("."), [])
        return body if body or self.operation.spec.get("requestBody", {}).get("required") else None

    def show(self, answer: Answer) -> None:
        """Print an answer, or write it to the file that --output names."""
        output: Path | None = self.values.get("output")
        if output:
            try:
                output.write_bytes(answer.content)
            except OSError as error:
                raise click.ClickException(
                    f"{output} cannot be written: {error.strerror}."
                ) from None
            click.echo(f"{output}: {len(answer.content)} bytes.")
        elif not answer.content:
            click.echo("Done.")
        elif answer.media_type == JSON:
            self.print_body(answer.body)
        elif answer.media_type.startswith("text/") or answer.media_type.endswith("ndjson"):
            click.echo(answer.content.decode(), nl=False)
        elif sys.stdout.isatty():
            raise click.UsageError("The answer is a file. Name one with --output.")
        else:
            click.echo(answer.content, nl=False)

    def print_body(self, body: Any) -> None:
        """Print JSON as it is, some fields of it, or a table."""
        if self.values.get("json"):
            print_json(body)
        elif self.values.get("only"):
            print_fields(body, self.values["only"].split(","))
        else:
            print_answer(body)


def fill_path(path: str, ids: Mapping[str, str]) -> str:
    """Return a path below the service's address with its parameters."""
    return path.removeprefix(BASE).format_map(
        {name: quote(value, safe="") for name, value in ids.items()}
    )


def find_id(client: Client, segment: str, given: str) -> str:
    """Return the id of what a document number names; anything else as it was given.

    Raises ClickException where several have that number.
    """
    given = given.strip()
    listing = load_document()["paths"].get(f"{BASE}/{segment}", {}).get("get", {})
    has_numbers = any(
        each["name"] == "number" for each in map(resolve, listing.get("parameters", ()))
    )
    if ID.fullmatch(given) or not has_numbers:
        return given
    items = client.get(f"/{segment}", {"number": given}).body["items"]
    if len(items) != 1:
        count, noun = "Several have" if items else "Nothing has", singular(segment)
        raise click.ClickException(
            f"{count} the number {given}. Give the id, which salsa {noun} list shows."
        )
    return str(items[0]["id"])


def number_lines(items: list[Any], schema: Schema) -> list[Any]:
    """Return items whose missing `line` is their place in the list."""
    if "line" not in schema.get("required", ()):
        return items
    return [{"line": at} | each for at, each in enumerate(items, 1)]


def read_json(file: IO[bytes]) -> dict[str, Any]:
    """Return the object that a file holds; raises ClickException."""
    name = getattr(file, "name", "-")
    try:
        body = json.load(file)
    except ValueError as error:
        raise click.ClickException(f"{name} is no JSON: {error}.") from None
    if not isinstance(body, dict):
        raise click.ClickException(f"{name} holds no object. Begin it with {{.")
    return body
