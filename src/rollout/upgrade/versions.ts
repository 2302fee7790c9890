/** Which versions a nixpkgs has, before anything is built from it. */
import * as z from "zod";
import { parseJson } from "../../base/json";
import { UserError } from "../../base/user-error";
import { buildVariables } from "../build";
import type { Builder } from "../builder";
import type { Host } from "../host";
import type { Machine } from "../machine";
import type { Versions } from "./path";

export interface Offered extends Versions {
  /** Version of the kernel. */
  readonly kernel: string;
}

const VERSION = z.string().regex(/^[\w.+-]{0,60}$/);
const OFFERED = z.object({ nixos: VERSION, k3s: VERSION, kernel: VERSION });

/** A first download of nixpkgs, over a slow connection. */
const SECONDS = 600;

/** Where NixOS' channels are, as `nix-channel` names them. */
export const channelOf = (release: string): string => `https://nixos.org/channels/nixos-${release}`;

/**
 * An attribute that is not there, or that nixpkgs has replaced by an error, has no version (nixpkgs, pkgs/top-level/aliases.nix).
 *
 * @param nixpkgs - an expression. @default - the one in Nix' search path
 */
export const versionsExpression = (
  { kernelPackages, platform }: Pick<Host["node"]["nixos"], "kernelPackages" | "platform">,
  k3sPackage: string,
  nixpkgs = "<nixpkgs>",
): string => `
let
  pkgs = import ${nixpkgs} { system = "${platform}"; };
  versionOf = package:
    let found = builtins.tryEval (package.version or "");
    in if found.success then found.value else "";
in {
  nixos = pkgs.lib.trivial.release;
  k3s = versionOf (pkgs.${k3sPackage} or { });
  kernel = versionOf (pkgs.${kernelPackages}.kernel or { });
}`;

/** Asks the machine that would build. Where none builds for all, each host asks its own nixpkgs. */
export class VersionsOf {
  private readonly asked = new Map<string, Promise<Offered>>();

  public constructor(private readonly builder?: Builder) {}

  /** @throws UserError when nixpkgs cannot be had */
  public async host(host: Host): Promise<Offered> {
    const { nixos } = host.node;
    const machine = this.builder?.machine ?? host;
    const expression = versionsExpression(nixos, host.description.k3s.package);
    const key = JSON.stringify([machine.name, expression, nixos.release]);
    const known = this.asked.get(key) ?? evaluate(machine, host, expression, this.builder?.machine.builds);
    this.asked.set(key, known);
    return known;
  }
}

async function evaluate(machine: Machine, host: Host, expression: string, builds = ""): Promise<Offered> {
  const { revision, archive, hash, pin, caches, cache_keys } = buildVariables(host);
  const tarball = revision === "" ? `${channelOf(host.node.nixos.release)}/nixexprs.tar.xz` : "";
  const report = await machine.call(
    "evaluate",
    { expression, tarball, builds, revision, archive, hash, pin, caches, cache_keys } as Record<
      string,
      string
    >,
    { timeoutSeconds: SECONDS },
  );
  const { data } = OFFERED.safeParse(parseJson(report.text("versions")));
  if (data === undefined)
    throw new UserError("failed", "nixpkgs has versions that it would not have", { host: machine.name });
  return { ...data, k3s: data.k3s === "" ? "" : `v${data.k3s}` };
}
