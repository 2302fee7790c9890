/**
 * The API of a server, as far as the check of its address asks it: with a certificate of kube-proxy's, `/readyz` says what the file
 * named in the arguments says. A stand-in for kube-apiserver.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { TLSSocket } from "node:tls";

const [folder = "", state = ""] = process.argv.slice(2);
const file = (name: string): Buffer => readFileSync(`${folder}/${name}`);

createServer(
  {
    key: file("serving.key"),
    cert: file("serving.crt"),
    ca: file("client-ca.crt"),
    requestCert: true,
    rejectUnauthorized: false,
  },
  (request, response) => {
    const socket = request.socket as TLSSocket;
    const is = readFileSync(state, "utf8").trim();
    if (is === "hangs") return;
    const known = socket.authorized && socket.getPeerCertificate().subject.CN === "system:kube-proxy";
    response.statusCode = !known ? 401 : is === "ready" && request.url === "/readyz" ? 200 : 500;
    response.end();
  },
).listen(6443, "127.0.0.1");
