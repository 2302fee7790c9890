import { container } from "../../../testbed/nspawn/container";
import { attempt, once } from "../../../testbed/namespaces/unshare";
import { MACHINES } from "../machines/tools";
import type { Tool } from "../tools";

const isThere = (name: string, debianPackage: string): Tool => ({
  name,
  debianPackage,
  works: once(() => attempt(["sh", "-c", `command -v ${name}`]) !== undefined),
});

/** Tools for hosts with their own systemd. */
export const CONTAINERS: readonly Tool[] = [
  ...MACHINES,
  isThere("systemd-nspawn", "systemd-container"),
  isThere("debootstrap", "debootstrap"),
  {
    name: "a Debian for containers",
    debianPackage: "debootstrap, then as root testbed/nspawn/base.sh",
    works: once(() => container() !== undefined),
  },
];
