/**
 * The settings in `main.ts` as plain data: a schema for each noun, and its type, which is the type of the constructs' props.
 * A schema gives the type, unit, bounds, default and example of each setting; the comment above a setting says what it is
 * for. The schemas are the source of the faults of type and bounds (`validation.ts`), of the resolved model (`model.ts`), of
 * `docs/reference/settings.md` and of the settings in `schemas/cluster.schema.json` (`npm run reference`).
 *
 * Names in Proxmox VE (`pveNode`, `templatePveNode`, `cloneDatastore`, `datastore`, `bridge`, `pool`) and `description` may
 * contain CDKTF tokens, such as an OpenTofu variable. Synth needs the value of every other setting.
 */
export * from "./address-pool";
export * from "./api-vip";
export * from "./binary-cache";
export * from "./cluster";
export * from "./disk";
export * from "./firewall";
export * from "./host-files";
export * from "./k3s";
export * from "./load-balancer";
export * from "./monitoring";
export * from "./network";
export * from "./network-interface";
export * from "./nixos";
export * from "./nixpkgs";
export * from "./node";
export * from "./ports";
export * from "./pve";
export * from "./registry";
export * from "./rollout";
export * from "./snapshots";
export * from "./vm";
