/**
 * A process in the namespace of each host: serves ports, connects to others, and asks the host's own etcd. Requests and answers are
 * lines of JSON. It runs as plain JavaScript in bare Node.
 */
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

/** Times are in milliseconds. */
export type Request =
  | { readonly do: "serve"; readonly ports: readonly number[] }
  /** Which of these answer, `172.22.0.134:80`. */
  | { readonly do: "connect"; readonly to: readonly string[]; readonly wait: number }
  /** Whether etcd at that address writes a key and reads it, asked until it does or the time is up. */
  | { readonly do: "etcd"; readonly address: string; readonly wait: number };

/** Of one attempt. A member without the majority answers nothing. */
const ATTEMPT_MILLISECONDS = 400;

async function answer(request: Request): Promise<readonly string[]> {
  switch (request.do) {
    case "serve":
      await Promise.all(request.ports.map(serve));
      return [];
    case "connect": {
      const answers = await Promise.all(request.to.map((target) => isThere(target, request.wait)));
      return request.to.filter((_, index) => answers[index]);
    }
    case "etcd":
      return (await writes(request.address, request.wait)) ? [request.address] : [];
  }
}

const serve = (port: number): Promise<void> =>
  new Promise((resolve) => {
    createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("here\n");
    }).listen(port, resolve);
  });

function isThere(target: string, wait: number): Promise<boolean> {
  const [host = "", port] = target.split(":");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    const end = (said: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(said);
    };
    const timer = setTimeout(() => end(false), wait);
    socket.on("data", () => end(true));
    socket.on("error", () => end(false));
  });
}

async function writes(address: string, wait: number): Promise<boolean> {
  const end = performance.now() + wait;
  do if (await writesOnce(address)) return true;
  while (performance.now() < end);
  return false;
}

async function writesOnce(address: string): Promise<boolean> {
  const ask = async (path: string, body: object): Promise<string> => {
    const signal = AbortSignal.timeout(ATTEMPT_MILLISECONDS);
    const url = `http://${address}:2379/v3/kv/${path}`;
    const response = await fetch(url, { method: "POST", body: JSON.stringify(body), signal });
    if (!response.ok) throw new Error(await response.text());
    return response.text();
  };
  const key = Buffer.from(address).toString("base64");
  try {
    await ask("put", { key, value: key });
    return (await ask("range", { key })).includes(key);
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return false;
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, ...request } = JSON.parse(line) as { id: number } & Request;
  void answer(request).then((result) => process.stdout.write(`${JSON.stringify({ id, result })}\n`));
});
