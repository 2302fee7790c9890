/**
 * Tells how much of a number of bytes is done, once for each percent.
 *
 * @returns hears how many bytes are done
 */
export function percentTeller(total: number, tell: (words: string) => void): (bytes: number) => void {
  let last = -1;
  return (bytes) => {
    const percent = Math.floor((100 * bytes) / total);
    if (percent !== last) tell(`${(last = percent)} %`);
  };
}
