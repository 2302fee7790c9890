import { attempt, once, unshareAsRoot } from "../../../testbed/namespaces/unshare";
import { CURL, LAB, type Tool } from "../tools";

const isThere = (name: string, command: readonly string[], debianPackage = name): Tool => ({
  name,
  debianPackage,
  works: once(() => attempt(command) !== undefined),
});

/** Tools for machines with SSH servers. sshd does not work in a user namespace without root's rights. */
export const MACHINES: readonly Tool[] = [
  ...LAB,
  isThere("sshd", ["sh", "-c", "test -x /usr/sbin/sshd"], "openssh-server"),
  isThere("ssh", ["ssh", "-V"], "openssh-client"),
  isThere("openssl", ["openssl", "version"]),
  CURL,
  isThere("pgrep", ["pgrep", "--version"], "procps"),
  {
    name: "namespaces with root's rights",
    debianPackage: "util-linux, as root",
    works: () => unshareAsRoot() !== undefined,
  },
];
