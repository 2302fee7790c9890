/** Plans of the real provider, made by OpenTofu and Terraform: plans/README.md says how. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkPlan, type Verdict } from "../../src/gate/gate";
import { readPlan } from "../../src/gate/plan";
import type { Json } from "../fixture";

export const TOFU = "tofu-1.10";
/** Plans that ask a stand-in for Proxmox VE. */
export const ASKING = "tofu-1.12";
export const ENGINES = [TOFU, "terraform-1.11", "terraform-1.5"];

const pathOf = (name: string, engine = TOFU): string => join(__dirname, "plans", engine, `${name}.json`);

export const textOf = (name: string, engine?: string): string => readFileSync(pathOf(name, engine), "utf8");

export const judged = (name: string, allowed: readonly string[] = [], engine?: string): Verdict =>
  checkPlan(readPlan(textOf(name, engine)), allowed);

/** The verdict on a plan that was changed by hand. */
export function judgedWith(name: string, change: (plan: Json) => void, engine?: string): Verdict {
  const plan = JSON.parse(textOf(name, engine));
  change(plan);
  return checkPlan(readPlan(JSON.stringify(plan)), []);
}
