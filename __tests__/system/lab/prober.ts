/**
 * A process in each namespace of the lab: serves ports, and sends packets on request. Requests and answers are lines of
 * JSON. It runs as plain JavaScript in bare Node, so that twenty of them start in a second.
 */
import { createSocket, type Socket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { connect, createServer, isIPv6, type Socket as Connection } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** What a namespace is asked to do; times are in milliseconds. */
export type Request =
  | { readonly do: "listen"; readonly who: string; readonly tcp: number[]; readonly udp: number[] }
  /** Opens a connection, sends that many bytes, and waits for the name of the server. */
  | ({ readonly do: "tcp"; readonly bytes?: number } & Target)
  /** Sends a datagram, repeatedly until the time is up, and waits for the name of the server. */
  | ({ readonly do: "udp" } & Target)
  /** Sends datagrams and waits for nothing. */
  | ({
      readonly do: "send";
      readonly from?: string;
      readonly fromPort?: number;
      /** Each in base64. */
      readonly datagrams: readonly string[];
    } & Target)
  /** Sends a datagram from that port, and waits for that answer from anybody. */
  | ({
      readonly do: "expect";
      readonly from: string;
      readonly fromPort: number;
      readonly text: string;
    } & Target)
  /** Waits until a datagram with that text has arrived here. */
  | { readonly do: "await"; readonly text: string; readonly wait: number }
  /** Opens connections one after another until it is told to stop, and keeps another one open. */
  | ({ readonly do: "hammer" } & Target)
  | { readonly do: "stop hammering" }
  /** Forgets what it learnt about paths by IPv4. */
  | { readonly do: "forget paths" };

interface Target {
  readonly host: string;
  readonly port: number;
  readonly wait: number;
}

/** Who served a connection or datagram, and which source address it saw; empty when nobody did in time. */
export interface Answer {
  readonly who?: string;
  readonly from?: string;
  readonly bytes?: number;
  readonly error?: string;
  readonly succeeded?: number;
  readonly failed?: string[];
}

const received: string[] = [];
let hammering = false;

async function answer(request: Request): Promise<Answer> {
  switch (request.do) {
    case "listen":
      await Promise.all([
        ...request.tcp.map((port) => serveTcp(request.who, port)),
        ...request.udp.map((port) => serveUdp(request.who, port)),
      ]);
      return { who: request.who };
    case "tcp":
      return askByTcp(request, request.bytes ?? 0);
    case "udp":
      return askByUdp(request);
    case "send":
      return send(request);
    case "expect":
      return expectAnswer(request);
    case "await":
      return await arrival(request.text, request.wait);
    case "hammer":
      return hammer(request);
    case "stop hammering":
      hammering = false;
      return {};
    case "forget paths":
      // As `ip route flush cache` does, without starting it.
      writeFileSync("/proc/sys/net/ipv4/route/flush", "-1");
      return {};
  }
}

/** Over IPv4 and IPv6; answers when the other side has sent everything. */
function serveTcp(who: string, port: number): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    let bytes = 0;
    connection.on("data", (chunk) => (bytes += chunk.length));
    connection.on("end", () =>
      connection.end(JSON.stringify({ who, from: plain(connection.remoteAddress), bytes })),
    );
    connection.on("error", () => connection.destroy());
  });
  return new Promise((resolve, reject) => server.once("error", reject).listen(port, "::", resolve));
}

function serveUdp(who: string, port: number): Promise<void> {
  const socket = createSocket({ type: "udp6" });
  socket.on("message", (message, { address, port: from }) => {
    received.push(message.toString());
    // A datagram that asks nothing gets no answer: an answer would make later datagrams part of a connection.
    if (message.toString() !== QUESTION) return;
    socket.send(JSON.stringify({ who, from: plain(address) }), from, address, () => undefined);
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject).bind(port, "::", () => resolve());
  });
}

const QUESTION = "?";

const plain = (address = ""): string => address.replace(/^::ffff:/, "");

/** One connection, which the kernel tries again while there is time. */
function askByTcp({ host, port, wait }: Target, bytes: number): Promise<Answer> {
  return new Promise((resolve) => {
    const connection: Connection = connect({ host, port });
    const end = (result: Answer): void => {
      clearTimeout(timer);
      connection.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end({}), wait);
    let text = "";
    connection.on("connect", () => connection.end(Buffer.alloc(bytes)));
    connection.on("data", (chunk) => (text += chunk.toString()));
    connection.on("end", () => end(text === "" ? {} : JSON.parse(text)));
    connection.on("error", (error) => end({ error: error.message }));
  });
}

function askByUdp({ host, port, wait }: Target): Promise<Answer> {
  const socket = socketFor(host);
  return new Promise((resolve) => {
    const end = (result: Answer): void => {
      clearTimeout(timer);
      clearInterval(again);
      socket.close();
      resolve(result);
    };
    const timer = setTimeout(() => end({}), wait);
    const ask = (): void => socket.send(QUESTION, port, host, () => undefined);
    const again = setInterval(ask, 250);
    socket.on("message", (message) => end(JSON.parse(message.toString())));
    socket.on("error", (error) => end({ error: error.message }));
    ask();
  });
}

/** Several may send from one port, as several DHCP servers do. */
const socketFor = (host: string): Socket =>
  createSocket({ type: isIPv6(host.split("%")[0] as string) ? "udp6" : "udp4", reuseAddr: true });

async function send({ host, port, from, fromPort, datagrams }: Request & { do: "send" }): Promise<Answer> {
  const socket = socketFor(host);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject).bind({ address: from, port: fromPort }, resolve);
    });
    for (const datagram of datagrams) {
      await new Promise<void>((resolve, reject) => {
        socket.send(Buffer.from(datagram, "base64"), port, host, (error) =>
          error ? reject(error) : resolve(),
        );
      });
    }
    return {};
  } catch (error) {
    return { error: (error as Error).message };
  } finally {
    socket.close();
  }
}

function expectAnswer({
  host,
  port,
  from,
  fromPort,
  text,
  wait,
}: Request & { do: "expect" }): Promise<Answer> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    const end = (result: Answer): void => {
      clearTimeout(timer);
      socket.close();
      resolve(result);
    };
    const timer = setTimeout(() => end({}), wait);
    socket.on("message", (message) => message.toString() === text && end({ who: text }));
    socket.on("error", (error) => end({ error: error.message }));
    socket.bind(fromPort, from, () => socket.send(text, port, host));
  });
}

async function arrival(text: string, wait: number): Promise<Answer> {
  const end = Date.now() + wait;
  while (Date.now() < end) {
    if (received.includes(text)) return { who: text };
    await sleep(20);
  }
  return {};
}

async function hammer(target: Target): Promise<Answer> {
  hammering = true;
  const lasting = longLived(target);
  const failed: string[] = [];
  let succeeded = 0;
  while (hammering) {
    const { who, error } = await askByTcp(target, 0);
    if (who === undefined) failed.push(error ?? "no answer in time");
    else succeeded++;
  }
  const left = await lasting();
  return { succeeded, failed: left === undefined ? failed : [...failed, left] };
}

/** A connection that sends a byte now and then. The returned function closes it and returns its error. */
function longLived({ host, port, wait }: Target): () => Promise<string | undefined> {
  const connection = connect({ host, port });
  let sent = 0;
  const beat = setInterval(() => {
    connection.write(".");
    sent++;
  }, 20);
  const ended = new Promise<string | undefined>((resolve) => {
    connection.on("error", (error) => resolve(`the lasting connection: ${error.message}`));
    connection.on("data", (chunk) => {
      const { bytes } = JSON.parse(chunk.toString()) as Answer;
      resolve(
        bytes === sent && sent > 0 ? undefined : `the lasting connection lost ${sent} - ${bytes} bytes`,
      );
    });
  });
  return async () => {
    clearInterval(beat);
    connection.end();
    const late = sleep(wait, "the lasting connection: no answer in time");
    return Promise.race([ended, late]);
  };
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { id, ...request } = JSON.parse(line) as { id: number } & Request;
    void answer(request)
      .catch((error: unknown): Answer => ({ error: (error as Error).message }))
      .then((result) => process.stdout.write(`${JSON.stringify({ id, result })}\n`));
  })
  .on("close", () => process.exit());
