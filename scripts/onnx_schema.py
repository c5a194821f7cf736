"""Writes src/ir/onnx-schema.ts, the signatures of ONNX operators: `.venv/bin/python scripts/onnx_schema.py`.

It holds every operator of the default domain that is in all the operator sets and that graphs of float32, float16 and
int64 tensors can use, with a version for each change of what such graphs may write. Deprecated versions are left out.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from onnx import AttributeProto
from onnx.defs import OpSchema, SchemaError, get_all_schemas_with_history, get_schema

OPSETS = (18, 19, 20, 21)
FILE = Path(__file__).parent.parent / "src" / "ir" / "onnx-schema.ts"

DTYPES = {"tensor(float16)": "float16", "tensor(float)": "float32", "tensor(int64)": "int64"}
ATTRIBUTES = {
    OpSchema.AttrType.INT: "int",
    OpSchema.AttrType.FLOAT: "float",
    OpSchema.AttrType.STRING: "string",
    OpSchema.AttrType.INTS: "ints",
    OpSchema.AttrType.FLOATS: "floats",
}
Option = OpSchema.FormalParameterOption

HEAD = f"""\
/**
 * The signatures of ONNX operators in the operator sets {OPSETS[0]} to {OPSETS[-1]}, as far as our tensors can fill them.
 * Generated from onnx's own schema by scripts/onnx_schema.py; test/targets/test_onnx_schema.py holds the two equal.
 */
import type {{ OnnxSignature }} from "./onnx-signature.ts";

/** The operator sets that the signatures cover. */
export const schemaOpsets = [{", ".join(map(str, OPSETS))}] as const;

/** By operator, its versions, the oldest first. */
export const onnxSchema = {{
"""
TAIL = "} as const satisfies Readonly<Record<string, readonly OnnxSignature[]>>;\n"


def versions(name: str) -> list[OpSchema]:
    """The versions of an operator that the operator sets have; empty where one of them does not have it."""
    try:
        found = {schema.since_version: schema for schema in (get_schema(name, opset, "") for opset in OPSETS)}
    except SchemaError:
        return []
    return [found[since] for since in sorted(found) if not found[since].deprecated]


def dtypes(names: Iterable[str]) -> list[str]:
    return sorted(DTYPES[name] for name in names if name in DTYPES)


def constraints(schema: OpSchema) -> dict[str, list[str]]:
    return {item.type_param_str: dtypes(item.allowed_type_strs) for item in schema.type_constraints}


def usable(schema: OpSchema) -> bool:
    """Whether our tensors and attributes can fill everything that the operator must have."""
    types = constraints(schema)
    needed = [item for item in [*schema.inputs, *schema.outputs] if item.option != Option.Optional]
    return all(types.get(item.type_str, dtypes([item.type_str])) for item in needed) and all(
        item.type in ATTRIBUTES for item in schema.attributes.values() if item.required
    )


def quoted(values: Iterable[str]) -> str:
    return ", ".join(f'"{value}"' for value in values)


def operands(schema: OpSchema, items: Sequence[OpSchema.FormalParameter]) -> str:
    types = constraints(schema)
    rows = []
    for item in items:
        if item.option == Option.Variadic and (not item.is_homogeneous or item.min_arity != 1):
            raise ValueError(f"{schema.name} takes {item.name} in a way that OnnxSignature has no word for")
        # A type that stands for itself is a variable of its own.
        variable = item.type_str if item.type_str in types else "".join(dtypes([item.type_str]))
        option = {Option.Optional: ["optional"], Option.Variadic: ["variadic"]}.get(item.option, [])
        rows.append(f"[{quoted([item.name, variable, *option])}]")
    return f"[{', '.join(rows)}]"


def has_number(item: OpSchema.Attribute) -> bool:
    """Whether a whole number is what the attribute is where it is left out."""
    return item.type == OpSchema.AttrType.INT and item.default_value.type == AttributeProto.INT


def signature(schema: OpSchema) -> str:
    """Everything but the version."""
    types = [f"{name}: [{quoted(allowed)}]" for name, allowed in sorted(constraints(schema).items())]
    attributes = sorted((name, item) for name, item in schema.attributes.items() if item.type in ATTRIBUTES)
    kinds = [f'{name}: "{ATTRIBUTES[item.type]}"' for name, item in attributes]
    required = quoted(name for name, item in attributes if item.required)
    numbers = [f"{name}: {item.default_value.i}" for name, item in attributes if has_number(item)]
    fields = [
        f"inputs: {operands(schema, schema.inputs)}",
        f"outputs: {operands(schema, schema.outputs)}",
        f"types: {{ {', '.join(types)} }}" if types else "types: {}",
        f"attrs: {{ {', '.join(kinds)} }}" if kinds else "attrs: {}",
        f"required: [{required}]",
        f"defaults: {{ {', '.join(numbers)} }}" if numbers else "defaults: {}",
    ]
    return ", ".join(fields)


def generated() -> str:
    names = sorted({schema.name for schema in get_all_schemas_with_history() if schema.domain == ""})
    lines = []
    for name in names:
        schemas = versions(name)
        if not schemas or not all(usable(schema) for schema in schemas):
            continue
        rows: list[tuple[int, str]] = []
        for schema in schemas:
            if not rows or signature(schema) != rows[-1][1]:
                rows.append((schema.since_version, signature(schema)))
        lines.append(f"  {name}: [{', '.join(f'{{ since: {since}, {rest} }}' for since, rest in rows)}],\n")
    return HEAD + "".join(lines) + TAIL


if __name__ == "__main__":
    FILE.write_text(generated(), encoding="utf-8")
