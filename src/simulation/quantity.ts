/** A quantity of Kubernetes, such as `128Mi` (apimachinery, pkg/api/resource, Quantity). */
const QUANTITY = /^(\d+\.?\d*|\.\d+)(?:([eE]-?\d{1,2})|(m|k|[MGTPE]|[KMGTPE]i))?$/;

const PREFIXES = "KMGTPE";

/** @returns bytes; `undefined` if it is no quantity */
export function bytesOf(quantity: string): number | undefined {
  const [, number, exponent = "", suffix = ""] = QUANTITY.exec(quantity) ?? [];
  return number === undefined ? undefined : Number(`${number}${exponent}`) * factorOf(suffix);
}

function factorOf(suffix: string): number {
  if (suffix === "") return 1;
  if (suffix === "m") return 1 / 1000;
  const power = PREFIXES.indexOf(suffix.charAt(0).toUpperCase()) + 1;
  return (suffix.endsWith("i") ? 1024 : 1000) ** power;
}
