import { passwordOf } from "../../src/config/secrets";
import { Redactor } from "../../src/rollout/secrets";

const HASH = "c0ffee".repeat(10) + "c0ff";
const LONG = `K10${HASH}::server:5ca1ab1e5ca1ab1e`;

test("what was learned does not get out, in its long form or as the password alone", () => {
  const redactor = new Redactor();
  redactor.learn(LONG);
  expect(redactor.redact(`a ${LONG} b`)).toBe("a [blanked] b");
  expect(redactor.redact("password 5ca1ab1e5ca1ab1e!")).toBe("password [blanked]!");
});

test.each([
  ["a token in its long form", `x ${LONG} y`, "x [blanked] y"],
  [
    "a private key",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\nz",
    "[blanked]\nz",
  ],
  ["a private key that was cut off", "-----BEGIN EC PRIVATE KEY-----\nAAAA", "[blanked]"],
  [
    "a token in a host's own configuration",
    '+ services.k3s.token = "hand-made";',
    '+ services.k3s.token = "[blanked]";',
  ],
  [
    "the same within JSON",
    JSON.stringify(['token = "hand-made";']),
    JSON.stringify(['token = "[blanked]";']),
  ],
  ["a kubeconfig's credentials", "client-key-data: TFMwdExT", "client-key-data: [blanked]"],
])("%s is recognized by its form", (_, text, expected) => {
  expect(new Redactor().redact(text)).toBe(expected);
});

test.each([
  ["a clipboard", "\x1b]52;c;cm0gLXJmIC8=\x07"],
  ["a line in green", "\x1b[2K\r\x1b[32mThe cluster matches main.ts.\x1b[0m"],
  ["a turned text", "user\u202egpj.exe\u2066"],
  ["C1 controls", "\u009b31m\u0085"],
])("output of a host cannot control a terminal: %s", (_, text) => {
  const shown = new Redactor().redact(`a\tb\n${text}`);
  expect(shown).toMatch(/^a\tb\n[^\p{Cc}\p{Bidi_Control}]+$/u);
});

test.each([
  ["Warning: Permanently added 'hamal' (ED25519)\r\n", "Warning: Permanently added 'hamal' (ED25519)\n"],
  ["mux_client_request_session: Broken pipe\r", "mux_client_request_session: Broken pipe"],
  ["a\r\r\nb\r", "a\nb"],
  // What it would hide on a terminal stays visible.
  ["evil\rgood", "evil\ufffdgood"],
])("a carriage return at the end of a line is left out: %j", (text, expected) => {
  expect(new Redactor().redact(text)).toBe(expected);
});

test("a million carriage returns are read in one go", () => {
  expect(new Redactor().redact(`${"\r".repeat(1_000_000)}x`)).toHaveLength(1_000_001);
});

test("an empty secret redacts nothing", () => {
  const redactor = new Redactor();
  redactor.learn("");
  expect(redactor.redact("abc")).toBe("abc");
});

test.each([
  [LONG, "5ca1ab1e5ca1ab1e"],
  [`K10${HASH}::5ca1ab1e`, "5ca1ab1e"],
  ["short-form", "short-form"],
  ["with:colon", "with:colon"],
])("the password of %s is %s", (token, password) => {
  expect(passwordOf(token)).toBe(password);
});
