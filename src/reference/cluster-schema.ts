import * as z from "zod";
import { ApiVipModel, ClusterNixosModel, NetworksModel, VmModel } from "../config/model";
import {
  FirewallSchema,
  K3sSchema,
  LoadBalancerSchema,
  NixosSchema,
  PveSchema,
  RolloutSchema,
} from "../config/settings";
import type { Comments } from "./comments";
import { NOUNS, ownSettings } from "./nouns";

interface Group {
  properties: Record<string, unknown>;
}

/** The parts of the schema of `cluster.json` that are generated from the settings' schemas; all else is written by hand. */
interface ClusterSchema {
  properties: { cluster: Group; nodes: { items: Group } };
}

/** Updates the settings in the text of `schemas/cluster.schema.json`. */
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
    parts({
      network: NetworksModel,
      apiVip: ApiVipModel,
      loadBalancer: LoadBalancerSchema,
      k3s: K3sSchema,
      firewall: FirewallSchema,
      nixos: ClusterNixosModel,
      rollout: RolloutSchema,
      pve: PveSchema,
    }),
  );
  Object.assign(schema.properties.nodes.items.properties, parts({ vm: VmModel, nixos: NixosSchema }));
  return JSON.stringify(schema, null, 2);
}

function jsonSchema(schema: z.ZodType, descriptions: ReadonlyMap<unknown, string>): object {
  const json = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "output",
    override: ({ zodSchema, jsonSchema: part }) => {
      delete part.readOnly; // in JSON Schema it is about access to a resource, not about types
      const description = descriptions.get(zodSchema);
      if (description) part.description = description;
    },
  });
  delete json.$schema; // only the whole document has it
  return json;
}
