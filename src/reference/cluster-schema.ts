import * as z from "zod";
import { NetworksModel, VmModel } from "../config/model";
import { FirewallSchema, K3sSchema, NixosSchema, RolloutSchema } from "../config/settings";
import type { Comments } from "./comments";
import { NOUNS, ownSettings } from "./nouns";

interface Group {
  properties: Record<string, unknown>;
}

/** What the schema of `cluster.json` has that follows from the settings; all else in it is written by hand. */
interface ClusterSchema {
  properties: { cluster: Group; nodes: { items: Group } };
}

/** `schemas/cluster.schema.json` with the settings as their schemas have them. */
export function withSettings(text: string, comments: Comments): string {
  const schema = JSON.parse(text) as ClusterSchema;
  const descriptions = new Map<unknown, string>(
    NOUNS.flatMap((noun) =>
      ownSettings(noun).map(([name, kind]) => [kind, comments.of(noun.source, name)?.text ?? ""] as const),
    ),
  );
  const parts = (schemas: Readonly<Record<string, z.ZodType>>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(schemas).map(([name, part]) => [name, jsonSchema(part, descriptions)]));
  Object.assign(
    schema.properties.cluster.properties,
    parts({ network: NetworksModel, k3s: K3sSchema, firewall: FirewallSchema, rollout: RolloutSchema }),
  );
  Object.assign(schema.properties.nodes.items.properties, parts({ vm: VmModel, nixos: NixosSchema }));
  return JSON.stringify(schema, null, 2);
}

function jsonSchema(schema: z.ZodType, descriptions: ReadonlyMap<unknown, string>): object {
  const json = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "output",
    override: ({ zodSchema, jsonSchema: part }) => {
      delete part.readOnly; // of a property in a protocol, not of a type
      const description = descriptions.get(zodSchema);
      if (description) part.description = description;
    },
  });
  delete json.$schema; // of the whole document
  return json;
}
