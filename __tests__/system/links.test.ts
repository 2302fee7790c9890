/**
 * udev itself, asked which name it would give to a network card. The machine's own card serves: the question changes nothing, and
 * the card keeps its name. A stand-in writes the options that the emitted files set as .link files, as NixOS does. Not shown: the
 * files in the initrd, and a boot.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, once } from "../../testbed/namespaces/unshare";
import { cluster, inFolderWith } from "./clusters";
import { configured } from "./configured";
import type { Host } from "./nixos-options";
import { describeWith, NIX, UDEV, type Tool } from "./tools";

const NET = "/sys/class/net";
const read = (nic: string, file: string): string => readFileSync(join(NET, nic, file), "utf8").trim();

/** A card whose address is its hardware's (`NET_ADDR_PERM` in the kernel's include/uapi/linux/netdevice.h). */
const card = once(() =>
  readdirSync(NET).find(
    (nic) => existsSync(join(NET, nic, "device")) && read(nic, "addr_assign_type") === "0",
  ),
);

const CARD: Tool = {
  name: "a network card with a permanent MAC address, and unshare as root",
  advice: "run it as root on a machine that has one",
  works: once(
    () =>
      card() !== undefined &&
      attempt(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]) !== undefined,
  ),
};

/** The .link files of a host: those that it sets, and those of NixOS for each configured interface, without a name. */
function linkFiles({ options }: Host, present: string): Map<string, string> {
  const files = new Map([["40-present.link", `[Match]\nOriginalName=${present}\n\n[Link]\n`]]);
  for (const option of Object.keys(options)) {
    const file = /^systemd\.network\.links\."([^"]+)"\.linkConfig\.Name$/.exec(option)?.[1];
    if (file === undefined) continue;
    const of = (name: string): string => options[`systemd.network.links."${file}".${name}`] as string;
    files.set(
      `${file}.link`,
      `[Match]\nPermanentMACAddress=${of("matchConfig.PermanentMACAddress")}\n\n[Link]\nName=${of("linkConfig.Name")}\n`,
    );
  }
  return files;
}

const ASK = `set -e
  mount -t tmpfs tmpfs /etc/systemd
  mkdir /etc/systemd/network
  cp "$1"/* /etc/systemd/network/
  udevadm test-builtin net_setup_link "/sys/class/net/$2" 2>/dev/null | sed -n 's/^ID_NET_NAME=//p'`;

/** An interface with another's MAC address, but none of its own. */
const ASK_OF_ANOTHER = `set -e
  mount -t sysfs sysfs /sys
  ip link add "$2" address "$3" type veth
  ${ASK}`;

describeWith([NIX, UDEV, CARD], "udev", () => {
  const nic = card() ?? "";
  const macAddress = read(nic, "address");

  /** The name that it gives with the files of an agent. */
  const nameWith = async (
    agent: object,
    [words, script, device]: readonly [string[], string, string] = [["unshare", "-m"], ASK, nic],
  ): Promise<string> => {
    const hosts = await configured(cluster({ agents: 1, agent: [agent] }));
    const host = hosts["k3s-agent-1"] as Host;
    expect(host.faults).toEqual([]);
    return inFolderWith(linkFiles(host, device), async (folder) => {
      const [program, ...rest] = [...words, "sh", "-c", script, "sh", folder, device, macAddress];
      return execFileSync(program, rest, { encoding: "utf8" }).trim();
    });
  };

  test("gives the node's card its name, found by its permanent MAC address", async () => {
    expect(await nameWith({ macAddress })).toBe("ens18");
    expect(await nameWith({ macAddress, nixos: { networkInterface: "node0" } })).toBe("node0");
    expect(existsSync(join(NET, nic))).toBe(true);
  });

  test("gives a further card its own name", async () => {
    const networkInterfaces = [{ bridge: "vmbr0" }, { bridge: "vmbr1", name: "storage0", macAddress }];
    expect(await nameWith({ networkInterfaces })).toBe("storage0");
  });

  test("leaves the name of another card", async () => {
    expect(await nameWith({})).toBe(nic);
  });

  test("gives no name to an interface that only took over the MAC address", async () => {
    expect(await nameWith({ macAddress }, [["unshare", "-nm"], ASK_OF_ANOTHER, "copy0"])).not.toBe("ens18");
  });
});
