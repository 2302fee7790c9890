/** What making a template would do on a PVE node, and what stands in its way. Changes nothing. */
import { dirname } from "node:path";
import { UserError } from "../base/user-error";
import { settled } from "../config/references";
import { ok, problem, type Check } from "../doctor/check";
import { bridgeFault, datastoreFault, guests, lookAt } from "../doctor/inventory";
import { recipeOf, type Recipe } from "../render/template-vm";
import { Report } from "../rollout/script";
import type { Template } from "./choice";
import type { Image } from "./image";
import type { PveNode } from "../rollout/pve-node";

/**
 * The commands with the names that OpenTofu would get from the environment.
 *
 * @throws UserError `invalid` where only OpenTofu knows a name
 */
export function knownRecipe(template: Template, hosts: string, env: NodeJS.ProcessEnv): Recipe {
  const unknown = new Set<string>();
  const recipe = recipeOf(template, hosts, (text = "", placeholder) => {
    const setting = settled(text, env);
    if ("unseen" in setting) unknown.add(setting.unseen);
    else if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(setting.value))
      unknown.add(`${JSON.stringify(setting.value)} is no name in Proxmox VE`);
    return "value" in setting ? setting.value : placeholder;
  });
  if (unknown.size > 0) throw new UserError("invalid", [...unknown].join("; "));
  return recipe;
}

/** Checks that Proxmox VE has what the commands name, and nothing where they write. */
export async function placeChecks(
  pve: PveNode,
  { vmId }: Template,
  recipe: Recipe,
  image: Image,
): Promise<Check[]> {
  const answer = new Report(await pve.succeed(lookScript(recipe.image), { reads: true }));
  const name = answer.one("node");
  if (name !== recipe.pveNode) {
    const remedy = "Pass the address of the other PVE node with --at, or correct templatePveNode in main.ts.";
    return [
      problem(
        "PVE node",
        `${name || "no PVE node"} answers at ${pve.ownAddress}, not ${recipe.pveNode}`,
        remedy,
      ),
    ];
  }
  const all = await guests(pve);
  const hardware = await lookAt(pve, name);
  return [
    ok("PVE node", name),
    vmIdCheck(vmId, all),
    namedCheck("Datastore", recipe.datastore, datastoreFault(hardware, recipe.datastore, "root")),
    namedCheck("Bridge", recipe.bridge, bridgeFault(hardware, recipe.bridge, "root")),
    spaceCheck(recipe, image, answer),
  ];
}

/** The name of a PVE node is that of its machine, without the domain (pve-common, PVE/INotify.pm, nodename). */
const lookScript = (image: string): string => `node=$(uname -n)
command -v qm >/dev/null && command -v pvesh >/dev/null || node=
printf '@node %s\\n' "\${node%%.*}"
if [ -e ${image} ] || [ -L ${image} ]; then echo '@there yes'; fi
df -Pk ${dirname(image)} | while read -r _ _ _ free _; do printf '@free %s\\n' "$free"; done`;

function vmIdCheck(vmId: number, all: Awaited<ReturnType<typeof guests>>): Check {
  const guest = all.find(({ vmid }) => vmid === vmId);
  if (guest === undefined) return ok("VM ID", `${vmId} is free`);
  const kind = guest.type === "lxc" ? "container" : guest.template === 1 ? "template" : "VM";
  return problem(
    "VM ID",
    `${vmId} belongs to the ${kind} ${guest.name ?? "without a name"} on ${guest.node}`,
    "No guest is overwritten. Choose another templateVmId in main.ts for a newer template: clones keep their disks. Or remove the guest yourself.",
  );
}

const namedCheck = (title: string, name: string, fault: string | undefined): Check =>
  fault === undefined
    ? ok(title, name)
    : problem(title, fault, `Correct the ${title.toLowerCase()} in main.ts, or add it in Proxmox VE.`);

const KIB = 1024;
const GIB = 1024 ** 3;

export const inGib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;

function spaceCheck({ image: path, pveNode }: Recipe, { size }: Image, answer: Report): Check {
  if (answer.one("there") !== "")
    return problem(
      "Copy",
      `${path} is there already`,
      `It is left as it is. Look at it, and remove it on ${pveNode}: rm ${path}`,
    );
  // The first line is df's head.
  const free = Number(answer.all("free").at(-1)) * KIB;
  return free >= size
    ? ok("Copy", `${path}, for the time being: ${inGib(size)} of ${inGib(free)} that are free`)
    : problem(
        "Copy",
        `${path} needs ${inGib(size)}, and ${inGib(free)} are free`,
        `Make room in ${dirname(path)} on ${pveNode}.`,
      );
}
