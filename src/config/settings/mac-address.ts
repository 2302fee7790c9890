import { isUnicastMac } from "../address";
import { describeActual } from "../fault";
import { checkedText } from "./kinds";

const WISH = "a unicast MAC address such as BC:24:11:00:00:01";

/** PVE refuses multicast addresses. */
export const macAddress = () =>
  checkedText(
    (text) => (isUnicastMac(text) ? undefined : `should be ${WISH}${describeActual(text)}`),
    WISH,
    "BC:24:11:00:00:01",
  ).meta({ pattern: "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$" });
