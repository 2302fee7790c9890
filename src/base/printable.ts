/**
 * Characters that a terminal would interpret or a reader would not see: control characters except tab and line feed, and those
 * that change the direction of text or have no width.
 */
const UNPRINTABLE = /(?![\t\n])[\p{Cc}\p{Bidi_Control}\u200b-\u200d\u2028\u2029\u2060-\u2064\ufeff]/gu;

/** Without the carriage returns at the end of lines: OpenSSH ends each of its own with one (log.c, do_log). */
export const withoutReturns = (text: string): string => text.replaceAll(/(?<!\r)\r+(?=\n|$)/g, "");

/** Makes a text safe for a terminal: replaces each such character with a visible mark. */
export const printable = (text: string): string => withoutReturns(text).replace(UNPRINTABLE, "\ufffd");

/** As one line, where a second one could pass for a line of ours. */
export const oneLine = (text: string): string => printable(text).replaceAll("\n", "\ufffd");

/** Further lines of a text, of which a host may have written some, stand apart from ours. */
export const indented = (text: string): string => withoutReturns(text).replaceAll("\n", "\n      ");
