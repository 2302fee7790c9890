/** Names for all hosts with a role, which `--on` takes like hostnames. No host can have one. */
export const GROUPS: ReadonlyMap<string, "server" | "agent"> = new Map([
  ["servers", "server"],
  ["agents", "agent"],
]);

/** `k3s-agent-1` → `k3s_agent_1`, the name that existing states have. */
export const terraformName = (id: string): string => id.replaceAll("-", "_");

/**
 * Folder of the hosts' files in the project, of the first cluster. A further cluster has `nix-` and a name, so that rollouts, previews of
 * commits whose app does not run, `.gitattributes` and CI find the folders without running the app.
 */
export const HOSTS_FOLDER = "nix";

/** The folders to which `HostFiles` may emit, directly in the project. */
export const HOSTS_FOLDERS = /^nix(-[a-z0-9]+)*$/;

/** Folder of the backups of the cluster with its hosts in that folder. That of a further one is inside of the first one's, which git ignores. */
export const backupsFolder = (hosts: string): string => `backups${hosts === HOSTS_FOLDER ? "" : `/${hosts}`}`;

/** Folders of `nix/` that belong to no host: the owner's modules, the templates, and what reads the hosts' metrics. */
export const MODULES = "modules";
export const TEMPLATES = "templates";
export const MONITORING = "monitoring";
export const SHARED_FOLDERS: ReadonlySet<string> = new Set([MODULES, TEMPLATES, MONITORING]);
