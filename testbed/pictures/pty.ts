/** What a person types when a program asks. */
export interface Answer {
  /** End of the question. */
  readonly after: string;
  readonly typed: string;
}

/**
 * Command that runs a line of a shell in a terminal of that many columns, and prints all that the terminal was sent. A fifo
 * is the keyboard: `script` ends with its standard input.
 */
export const atTerminal = (line: string, columns: number, answer?: Answer): string[] => [
  "sh",
  "-c",
  AT_TERMINAL,
  "sh",
  `stty cols ${columns} rows 200 && ${line}`,
  answer?.after ?? "",
  answer?.typed ?? "",
];

const AT_TERMINAL = `
folder=$(mktemp -d)
mkfifo "$folder/keyboard"
script -qfec "$1" /dev/null <"$folder/keyboard" >"$folder/sent" & program=$!
exec 3>"$folder/keyboard"
if [ -n "$2" ]; then
  while ! grep -qF "$2" "$folder/sent" && kill -0 $program 2>/dev/null; do sleep 0.1; done
  trap "" PIPE
  printf '%s\\n' "$3" >&3
fi
wait $program
status=$?
cat "$folder/sent"
rm -r "$folder"
exit $status
`;
