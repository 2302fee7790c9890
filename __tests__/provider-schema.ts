/** Checks OpenTofu JSON against the provider's own schema, as `tofu validate` does, without OpenTofu. */
import schemaFile from "../schemas/proxmox@0.111.1.json";
import type { Json } from "./fixture";

interface Attribute {
  readonly type: Json;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
}

interface Block {
  readonly attributes?: Record<string, Attribute>;
  readonly block_types?: Record<string, { block: Block; max_items?: number; min_items?: number }>;
}

const provider = Object.values(schemaFile.provider_schemas)[0] as Json;

/** Arguments that OpenTofu itself gives to every resource. */
const META = new Set(["//", "depends_on", "lifecycle", "provider"]);

export function schemaFaults(synthesized: Json): string[] {
  return [
    ...(synthesized.provider?.proxmox ?? []).flatMap((body: Json) =>
      blockFaults("provider", body, provider.provider.block),
    ),
    ...faultsOfAll(synthesized.resource, provider.resource_schemas),
    ...faultsOfAll(synthesized.data, provider.data_source_schemas),
  ];
}

function faultsOfAll(types: Json, schemas: Json): string[] {
  return Object.entries<Json>(types ?? {}).flatMap(([type, resources]) =>
    Object.entries<Json>(resources).flatMap(([name, body]) =>
      schemas[type] ? blockFaults(`${type}.${name}`, body, schemas[type].block) : [`${type}: unknown type`],
    ),
  );
}

function blockFaults(path: string, body: Json, block: Block): string[] {
  const { attributes = {}, block_types = {} } = block;
  const missing = Object.entries(attributes)
    .filter(([name, { required }]) => required && (body[name] === undefined || body[name] === null))
    .map(([name]) => `${path}.${name}: missing`);
  const written = Object.entries<Json>(body).flatMap(([name, value]) => {
    const at = `${path}.${name}`;
    const attribute = attributes[name];
    if (attribute) {
      if (!attribute.optional && !attribute.required) return [`${at}: only the provider sets it`];
      return valueFaults(at, value, attribute.type);
    }
    const type = block_types[name];
    if (type) return blocksFaults(at, value, type);
    return META.has(name) ? [] : [`${at}: unknown`];
  });
  const absent = Object.entries(block_types)
    .filter(([name, { min_items = 0 }]) => min_items > 0 && body[name] === undefined)
    .map(([name]) => `${path}.${name}: missing block`);
  return [...missing, ...written, ...absent];
}

function blocksFaults(path: string, value: Json, type: { block: Block; max_items?: number }): string[] {
  const bodies = Array.isArray(value) ? value : [value];
  const many = type.max_items && bodies.length > type.max_items ? [`${path}: at most ${type.max_items}`] : [];
  return [...many, ...bodies.flatMap((body, index) => blockFaults(`${path}[${index}]`, body, type.block))];
}

function valueFaults(path: string, value: Json, type: Json): string[] {
  if (value === null || (typeof value === "string" && /^\$\{.*\}$/.test(value))) return [];
  if (typeof type === "string") {
    const wanted = type === "bool" ? "boolean" : type;
    return typeof value === wanted ? [] : [`${path}: ${typeof value} instead of ${wanted}`];
  }
  const [kind, of] = type as [string, Json];
  if (kind === "object") return objectFaults(path, value, of);
  if (kind === "map")
    return Object.entries<Json>(value).flatMap(([key, item]) => valueFaults(`${path}.${key}`, item, of));
  if (kind !== "list" && kind !== "set") throw new Error(`${path}: ${kind} is not known to this check`);
  if (!Array.isArray(value)) return [`${path}: ${typeof value} instead of a list`];
  return value.flatMap((item, index) => valueFaults(`${path}[${index}]`, item, of));
}

/** An object in JSON must have every key, even one that may be null. */
function objectFaults(path: string, value: Json, keys: Record<string, Json>): string[] {
  const missing = Object.keys(keys).filter((key) => !(key in value));
  return [
    ...missing.map((key) => `${path}.${key}: missing`),
    ...Object.entries<Json>(value).flatMap(([key, item]) =>
      keys[key] ? valueFaults(`${path}.${key}`, item, keys[key]) : [`${path}.${key}: unknown`],
    ),
  ];
}
