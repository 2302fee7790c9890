import { spawnSync } from "node:child_process";

/** Variables that make a program use a proxy of the machine, which is unreachable from our own network. */
const PROXIES = /^(https?|all|no)_proxy$/i;

/** Debian installs nft and ip where only root's PATH finds them. */
export const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !PROXIES.test(name))),
  PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
};

/** Runs a program to its end, for at most some seconds; `undefined` when it is missing, fails, or was stopped. */
export function attempt(command: readonly string[], input = ""): string | undefined {
  const [program = "", ...args] = command;
  const { status, stdout } = spawnSync(program, args, {
    input,
    encoding: "utf8",
    env: environment,
    timeout: 10_000,
  });
  return status === 0 ? stdout : undefined;
}

export const once = <T>(compute: () => T): (() => T) => {
  let known: { value: T } | undefined;
  return () => (known ??= { value: compute() }).value;
};

const APART = ["-n", "-m", "-p", "-f", "--kill-child"];

/** As `unshare`, with root's rights: without them the kernel refuses a transaction with thousands of rules. */
export const unshareAsRoot = once(() => working(["unshare", ...APART]));

/**
 * Command that runs what follows it in its own network, mount and PID namespaces, of which nothing is left when it
 * ends: in a user namespace if the kernel allows one with the needed rights, otherwise with root's rights. `undefined`
 * when neither works.
 */
export const unshare = once(() => working(["unshare", "-r", ...APART]) ?? unshareAsRoot());

const working = (way: readonly string[]): readonly string[] | undefined =>
  attempt([...way, "sh", "-e"], PROBE) === undefined ? undefined : way;

/** Some systems grant the namespaces without the capabilities, some kernels lack a module. */
const PROBE = `
mount -t tmpfs none /run
mkdir /run/netns
ip netns add probe
ip -n probe link add flannel.1 type vxlan id 1 dstport 8472 dev lo nolearning
nsenter --net=/run/netns/probe sh -e <<'END'
nft 'table inet probe { set a { type ipv4_addr . ether_addr; }; }'
test "$(cat /proc/sys/net/bridge/bridge-nf-call-iptables)" = 1
printf '%s\\n' '*nat' '-A POSTROUTING -m mark --mark 1 -m comment --comment probe -j MASQUERADE' COMMIT | iptables-nft-restore
END
`;
