/**
 * Stand-in for a slow link: a ProxyCommand that passes each piece of data on after so many milliseconds. It uses timers
 * instead of netem, which not every kernel has.
 */
import { connect } from "node:net";
import type { Readable, Writable } from "node:stream";

const [host = "", port = "22", oneWay = "0"] = process.argv.slice(2);

/** The end of the data is delayed like the data. */
function delayed(from: Readable, to: Writable): void {
  from.on("data", (piece: Buffer) => setTimeout(() => to.write(piece), Number(oneWay)));
  from.on("end", () => setTimeout(() => to.end(), Number(oneWay)));
}

// Establishing a connection takes one round trip.
setTimeout(
  () => {
    const socket = connect(Number(port), host);
    socket.setNoDelay(true);
    socket.on("error", (error) => {
      console.error(error.message);
      process.exit(1);
    });
    socket.on("close", () => setTimeout(() => process.exit(0), Number(oneWay)));
    delayed(process.stdin, socket);
    delayed(socket, process.stdout);
  },
  Number(oneWay) * 2,
);
