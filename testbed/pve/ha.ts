import { invalid, Refusal } from "./refusal";

type Parameters = ReadonlyMap<string, string>;

/** What else Proxmox VE has. */
interface Surroundings {
  readonly nodes: readonly string[];
  readonly vms: ReadonlyMap<number, unknown>;
}

/** Configuration of Proxmox VE's HA manager, as pve-ha-manager, src/PVE/API2/HA/ keeps it. No manager runs: no VM moves by itself. */
export class Ha {
  /** Options by resource, such as `vm:136`. */
  public readonly resources = new Map<string, Map<string, string>>();
  /** Options by name of the rule. */
  public readonly rules = new Map<string, Map<string, string>>();

  public constructor(private readonly inventory: Surroundings) {}

  public resource(sid: string): object {
    const options = this.resources.get(sid);
    if (options === undefined) throw new Refusal(500, `no such resource '${sid}'`);
    return { sid, type: "vm", digest: "0", ...Object.fromEntries(options) };
  }

  public addResource(parameters: Parameters): null {
    const sid = parameters.get("sid") ?? "";
    if (this.resources.has(sid)) throw new Refusal(500, `resource ID '${sid}' already defined`);
    const id = Number(/^vm:(\d+)$/.exec(sid)?.[1]);
    if (!this.inventory.vms.has(id)) throw new Refusal(500, `unable to find configuration file for VM ${id}`);
    this.resources.set(sid, without(parameters, "sid", "type"));
    return null;
  }

  public changeResource(sid: string, parameters: Parameters): null {
    this.resource(sid);
    change(this.resources.get(sid), parameters);
    return null;
  }

  /** Rules forget it, and those of nothing go. */
  public removeResource(sid: string): null {
    this.resource(sid);
    this.resources.delete(sid);
    for (const [name, options] of this.rules) {
      const left = members(options).filter((member) => member !== sid);
      if (left.length === 0) this.rules.delete(name);
      else options.set("resources", left.join(","));
    }
    return null;
  }

  public rule(name: string): object {
    const options = this.rules.get(name);
    if (options === undefined) throw new Refusal(500, `no such ha rule '${name}'`);
    const { disable, strict, ...texts } = Object.fromEntries(options);
    // Booleans are numbers; the rest is text.
    return {
      rule: name,
      digest: "0",
      order: 1,
      ...texts,
      ...(disable === "1" && { disable: 1 }),
      strict: Number(strict ?? 0),
    };
  }

  public addRule(parameters: Parameters): null {
    const name = parameters.get("rule") ?? "";
    if (this.rules.has(name)) throw new Refusal(500, `HA rule '${name}' already defined`);
    return this.putRule(name, without(parameters, "rule"));
  }

  public changeRule(name: string, parameters: Parameters): null {
    const options = new Map(this.rules.get(name));
    if (!this.rules.has(name)) throw new Refusal(500, `HA rule '${name}' does not exist`);
    change(options, parameters);
    return this.putRule(name, options);
  }

  public removeRule(name: string): null {
    this.rules.delete(name);
    return null;
  }

  private putRule(name: string, options: Map<string, string>): null {
    const unmanaged = members(options).filter((sid) => !this.resources.has(sid));
    if (unmanaged.length > 0)
      throw new Refusal(500, `cannot use unmanaged resource(s) ${unmanaged.join(", ")}.`);
    const unknown = nodesOf(options).filter((node) => !this.inventory.nodes.includes(node));
    if (unknown.length > 0) throw new Refusal(500, `cannot use non-existant node(s) ${unknown.join(", ")}.`);
    const rules = new Map([...this.rules, [name, options]]);
    const errors = conflictOf(options, rules, this.inventory.nodes.length);
    if (errors !== undefined) throw invalid({ resources: errors });
    this.rules.set(name, options);
    return null;
  }
}

const members = (options: Parameters): string[] =>
  (options.get("resources") ?? "").split(",").filter(Boolean);

const nodesOf = (options: Parameters): string[] =>
  (options.get("nodes") ?? "")
    .split(",")
    .filter(Boolean)
    .map((entry) => entry.replace(/:\d+$/, ""));

/** As check_feasibility of PVE::HA::Rules and of its plugins judges the rule. */
function conflictOf(
  options: Parameters,
  rules: ReadonlyMap<string, Parameters>,
  nodes: number,
): string | undefined {
  const homes = [...rules.values()].filter((rule) => rule.get("type") === "node-affinity");
  const apart = [...rules.values()].filter((rule) => rule.get("affinity") === "negative");
  const all = homes.flatMap(members);
  if (options.get("type") === "node-affinity" && new Set(all).size < all.length)
    return "resources are in multiple node affinity rules";
  for (const rule of apart) {
    const sids = members(rule);
    if (sids.length > nodes) return "rule defines more resources than available nodes";
    const paired = homes.filter((home) => members(home).some((sid) => sids.includes(sid)));
    const located = new Set(paired.flatMap(members).filter((sid) => sids.includes(sid)));
    if (new Set(paired.flatMap(nodesOf)).size < located.size)
      return "two or more resources are restricted to less nodes than available to the resources";
  }
  return undefined;
}

function change(options: Map<string, string> | undefined, parameters: Parameters): void {
  for (const name of (parameters.get("delete") ?? "").split(",")) options?.delete(name);
  for (const [name, value] of without(parameters, "delete", "digest")) options?.set(name, value);
}

const without = (parameters: Parameters, ...names: readonly string[]): Map<string, string> =>
  new Map([...parameters].filter(([name]) => !names.includes(name)));
