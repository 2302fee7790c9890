/**
 * What an owner says in `main.ts`, as plain data: a schema for each noun, and its type, which the constructs' props are.
 * A schema has kind, unit, bounds, default and an example of each setting; what a setting is for stands in the comment above
 * it. From them come the faults of kind and bounds (`validation.ts`), the resolved model (`model.ts`), `docs/settings.md` and
 * the settings in `schemas/cluster.schema.json` (`npm run reference`).
 *
 * Names of Proxmox VE (`pveNode`, `templatePveNode`, `cloneDatastore`, `datastore`, `bridge`, `pool`) and `description` may
 * hold CDKTF tokens, such as an OpenTofu variable. Everything else is needed while files are written and has to be known at
 * synth.
 */
export * from "./cluster";
export * from "./disk";
export * from "./firewall";
export * from "./host-files";
export * from "./k3s";
export * from "./network";
export * from "./network-interface";
export * from "./nixos";
export * from "./node";
export * from "./ports";
export * from "./rollout";
export * from "./vm";
