/**
 * Answers what a refresh and a plan ask of Proxmox VE, from a list of guests, for the plans of this folder. It changes
 * nothing and checks no token.
 *
 *   npx tsx __tests__/gate/plans/api.ts <folder with cert.pem and key.pem> <guests.json>     prints its port
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Guest } from "./scenarios";

const [folder = ".", file = "guests.json"] = process.argv.slice(2);
const guests = JSON.parse(readFileSync(file, "utf8")) as Guest[];

const NODE = "pve";
const INTERFACES = { result: [{ name: "ens18", "ip-addresses": [{ "ip-address": "172.22.0.9", "ip-address-type": "ipv4", prefix: 24 }] }] }; // prettier-ignore

const listed = ({ vmid, name, type, status = "running", template = 0 }: Guest) => ({
  id: `${type}/${vmid}`,
  node: NODE,
  vmid,
  name,
  type,
  status,
  template,
});

function answer(path: string): unknown {
  const of = (type: Guest["type"]) => guests.filter((guest) => guest.type === type).map(listed);
  if (path === "cluster/resources") return guests.map(listed);
  if (path === "nodes") return [{ node: NODE, status: "online", uptime: 1 }];
  if (path === `nodes/${NODE}/qemu`) return of("qemu");
  if (path === `nodes/${NODE}/lxc`) return of("lxc");
  if (path === "pools") return [];
  if (path.includes("/storage/")) return { format: "raw", size: 1, used: 1, path: "/" };
  const [, id, what] = /\/qemu\/(\d+)\/(.*)$/.exec(path) ?? [];
  const guest = guests.find(({ vmid }) => vmid === Number(id));
  if (guest === undefined) return undefined;
  if (what === "config") return guest.config;
  if (what === "status/current") return { vmid: guest.vmid, status: guest.status ?? "running", uptime: 1 };
  return what === "agent/network-get-interfaces" ? INTERFACES : undefined;
}

const options = { key: readFileSync(join(folder, "key.pem")), cert: readFileSync(join(folder, "cert.pem")) };
const server = createServer(options, ({ url = "" }, response) => {
  const path = new URL(url, "https://pve").pathname.replace("/api2/json/", "");
  const data = answer(decodeURIComponent(path));
  response.writeHead(data === undefined ? 500 : 200, { "content-type": "application/json" });
  response.end(
    JSON.stringify(data === undefined ? { data: null, message: `no answer to ${path}` } : { data }),
  );
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
