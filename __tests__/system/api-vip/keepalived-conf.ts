import type { Host } from "../nixos-options";

/**
 * The text of keepalived.conf as nixpkgs' module makes it from these options (nixos/modules/services/networking/keepalived/default.nix,
 * bf7d05e6, and keepalived.conf(5)). A stand-in for the module, which is not evaluated.
 */
export function keepalivedConf({ options }: Host): string {
  const prefix = "services.keepalived";
  const script = (name: string): unknown => options[`${prefix}.vrrpScripts.api.${name}`];
  const instance = (name: string): unknown => options[`${prefix}.vrrpInstances.api.${name}`];
  const addresses = (instance("virtualIps") as { addr: string }[]).map(({ addr }) => addr);
  return [
    "global_defs {",
    options[`${prefix}.enableScriptSecurity`] === true ? "enable_script_security" : "",
    options[`${prefix}.extraGlobalDefs`],
    "}",
    "vrrp_script api {",
    `script "${String(script("script")).replace("/nix/store/curl/", "/usr/")}"`,
    ...["interval", "fall", "rise", "timeout", "user"].map((name) => `${name} ${String(script(name))}`),
    "weight 0",
    "}",
    "vrrp_instance api {",
    ...["interface", "state", "priority"].map((name) => `${name} ${String(instance(name))}`),
    `virtual_router_id ${String(instance("virtualRouterId"))}`,
    instance("noPreempt") === true ? "nopreempt" : "",
    instance("unicastSrcIp") === undefined ? "" : `unicast_src_ip ${String(instance("unicastSrcIp"))}`,
    ...block("unicast_peer", (instance("unicastPeers") ?? []) as string[]),
    ...block("virtual_ipaddress", addresses),
    ...block("track_script", instance("trackScripts") as string[]),
    instance("extraConfig"),
    "}",
    "",
  ].join("\n");
}

const block = (name: string, lines: readonly string[]): string[] => [`${name} {`, ...lines, "}"];
