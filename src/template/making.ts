import { join } from "node:path";
import { shellWord } from "../base/escape";
import { enumerated } from "../base/markdown";
import { UserError } from "../base/user-error";
import type { Check } from "../doctor/check";
import type { Recipe } from "../render/template-vm";
import type { Trust } from "../rollout/commands";
import { readDescription } from "../rollout/description";
import { askToPin, keyNotes } from "../rollout/first-contact";
import { HostKeys } from "../rollout/host-keys";
import { Log, type Listener } from "../rollout/log";
import { Redactor } from "../rollout/secrets";
import type { Paths } from "../rollout/session";
import { Ssh } from "../rollout/ssh";
import { unlessStopped } from "../rollout/stopping";
import { templateOf, type Template } from "./choice";
import { withImage, type Image } from "./image";
import { halfMade, makeTemplate, type Made } from "./make";
import { percentTeller } from "../base/percent";
import { knownRecipe, placeChecks } from "./plan";
import { PveNode } from "../rollout/pve-node";
import { scan } from "./scan";

export interface MakingOptions {
  /** Path of the raw image. */
  readonly image: string;
  /** Of the template. @default - the only one */
  readonly vmId?: number;
  /** Address of the PVE node. @default - what `~/.ssh/config` and DNS know of its name */
  readonly at?: string;
}

/** What would be done, and what stands in its way. */
export interface MakingPlan {
  readonly vmId: number;
  readonly pveNode: string;
  readonly image: { readonly path: string; readonly bytes: number };
  readonly checks: readonly Check[];
  /** On the PVE node's SSH host key. */
  readonly notes: readonly string[];
  /** The copy, and the commands that run on the PVE node after it. */
  readonly commands: readonly string[];
}

/** The person or program that ran the command. */
export interface Maker {
  readonly showPlan: (plan: MakingPlan) => void;
  /** @throws UserError without consent, given now or beforehand */
  readonly askForConsent: (question: string) => Promise<void>;
  /** When aborted, asks the command to stop. */
  readonly stop: AbortSignal;
}

/** A template that is to be made of an image: from the emitted files to the PVE node. */
export class Making {
  public readonly template: Template;
  public readonly recipe: Recipe;
  private readonly pve: PveNode;
  private readonly log: Log;
  private readonly keys: HostKeys;
  private readonly ssh: Ssh;

  /** @throws UserError where the emitted files do not say what is to be done */
  public constructor(
    paths: Pick<Paths, "hosts" | "knownHosts" | "logs">,
    listener: Listener,
    env: NodeJS.ProcessEnv,
    private readonly options: MakingOptions,
  ) {
    this.template = templateOf(readDescription(paths.hosts), options.vmId);
    this.recipe = knownRecipe(this.template, paths.hosts, env);
    this.log = new Log(paths.logs, new Redactor(), listener);
    this.keys = new HostKeys(paths.knownHosts, join(paths.logs, `host-keys-seen-by-${process.pid}`));
    this.ssh = new Ssh(this.keys, this.log);
    this.pve = new PveNode(this.ssh, this.recipe.pveNode, options.at);
  }

  /** What may be left when the program ends at once. */
  public get remains(): string {
    const { vmId } = this.template;
    return `If VM ${vmId} is there: ${halfMade(this.pve, vmId)}. If the copy is there: ${this.recipe.remove}`;
  }

  /** Shows what an apply would do. Changes nothing. */
  public plan(maker: Maker): Promise<void> {
    return withImage(this.options.image, (image) => this.planned(image, maker));
  }

  /** Makes the template, after consent. */
  public apply({ yes, acceptNewHostKeys }: Trust, maker: Maker): Promise<Made> {
    return withImage(this.options.image, async (image) => {
      await this.planned(image, maker);
      const question = `Make template VM ${this.template.vmId} on ${this.pve.name} of this image?`;
      await askToPin([this.pve], { isAsked: !yes, isAccepted: acceptNewHostKeys }, (notice) =>
        maker.askForConsent(`${notice}${question}`),
      );
      const { stop } = maker;
      return makeTemplate(this.pve, this.template, this.recipe, image, { stop, log: this.log });
    });
  }

  /** Closes all connections. */
  public stop(): void {
    this.ssh.stop();
    this.keys.forgetSeen();
  }

  /** @throws UserError `refused` when an apply would not begin */
  private async planned(image: Image, { showPlan, stop }: Maker): Promise<void> {
    const { template, recipe, pve, log } = this;
    const checks = await unlessStopped(stop, async () => [
      ...(await log.step(pve.name, "look", () => placeChecks(pve, template, recipe, image))),
      ...(await this.scanned(image, stop)),
    ]);
    showPlan({
      vmId: template.vmId,
      pveNode: pve.name,
      image: { path: image.path, bytes: image.size },
      checks,
      notes: keyNotes(pve),
      commands: [
        `scp ${shellWord(image.path)} root@${pve.ownAddress}:${recipe.image}`,
        ...recipe.create,
        recipe.remove,
      ],
    });
    const bad = checks.filter(({ state }) => state === "problem").map(({ name }) => name);
    if (bad.length > 0)
      throw new UserError("refused", `Not possible now: ${enumerated(bad)}\nNothing was changed`);
  }

  private scanned(image: Image, stop: AbortSignal): Promise<Check[]> {
    const step = "scan";
    const onRead = percentTeller(image.size, (words) => this.log.progress("cluster", step, words));
    return this.log.step("cluster", step, () => scan(image, this.template.nodes, { stop, onRead }));
  }
}
