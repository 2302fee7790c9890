import type * as z from "zod";
import { checkedText, group, list, matching } from "./kinds";
import { describeActual } from "../fault";

const NAME = /^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?)$/;

const MIRROR = "a URL such as https://mirror.example.org or http://192.0.2.5:5000/v2";

/** A password in it would be readable by everyone on every host. */
function objectionToMirror(url: string): string | undefined {
  const expected = `should be ${MIRROR}`;
  if (!/^https?:\/\/[^\s"'\\]+$/.test(url) || !URL.canParse(url)) return `${expected}${describeActual(url)}`;
  const { username, password } = new URL(url);
  return username === "" && password === "" ? undefined : `${expected}, without a user and a password`;
}

export const RegistrySchema = group(
  {
    /** Host of the registry as images name it, with its port unless it is 443, or `*` for all others. */
    registry: matching(NAME, "a registry such as docker.io, or *", "docker.io"),
    /**
     * Mirrors that K3s asks before the registry itself, in this order.
     * @default - none: with `k3s.embeddedRegistry`, the other nodes
     */
    mirrors: list(checkedText(objectionToMirror, MIRROR, "https://mirror.example.org"), [
      "https://mirror.example.org",
    ]).default([]),
  },
  { registry: "docker.io", mirrors: ["https://mirror.example.org"] },
);

/** Where K3s takes a registry's images from. */
export interface RegistrySettings extends Readonly<z.input<typeof RegistrySchema>> {}
