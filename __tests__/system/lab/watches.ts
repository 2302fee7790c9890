import { Batch } from "./batch";

/** Where a packet is noticed: at its device, before any firewall, or by its own programs, behind all firewalls. */
export type Place = "its device" | "its programs";

const HOOKS: Readonly<Record<Place, string>> = {
  "its device": "prerouting priority -400",
  "its programs": "input priority 400",
};

/** Waits of several checks for packets on one host. One run of nft serves all of them, since its start takes longer than its work. */
export class Watches {
  private made = 0;
  /** Tables that nobody needs any more, of which the kernel holds 1024 at a hook. They go with the next change. */
  private over: string[] = [];

  /** @param nft - runs nft on the host */
  public constructor(private readonly nft: (argv: readonly string[], input?: string) => Promise<string>) {}

  private readonly changes = new Batch<string, unknown>((tables) => {
    const gone = this.over.map((name) => `delete table inet ${name}`);
    this.over = [];
    return this.nft(["-f", "-"], [...gone, ...tables, ""].join("\n"));
  });

  private readonly looks = new Batch<undefined, ReadonlyMap<string, number>>(async () => {
    const listed = (await this.nft(["list", "counters"])).matchAll(/counter (\S+) \{\s*packets (\d+)/g);
    return new Map([...listed].map(([, name = "", packets]) => [name, Number(packets)]));
  });

  /** @returns its name */
  public async begin(match: string, at: Place): Promise<string> {
    const name = `heard${++this.made}`;
    const chain = `chain in { type filter hook ${HOOKS[at]}; ${match} counter name ${name}; }`;
    await this.changes.ask(`table inet ${name} { counter ${name} { }; ${chain}; }`);
    return name;
  }

  /** Whether a matching packet has come since it began. */
  public async heard(name: string): Promise<boolean> {
    const packets = (await this.looks.ask(undefined)).get(name);
    if (packets === undefined) throw new Error(`nobody listens as ${name}`);
    return packets > 0;
  }

  public end(name: string): void {
    this.over.push(name);
  }
}
