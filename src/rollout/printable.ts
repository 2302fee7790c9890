/**
 * What a terminal would obey, or a reader not see: control characters but for tab and end of line, and those that turn
 * the direction of text or have no width.
 */
const UNPRINTABLE = /(?![\t\n])[\p{Cc}\p{Bidi_Control}\u200b-\u200d\u2028\u2029\u2060-\u2064\ufeff]/gu;

/** A text of which a terminal shows everything and obeys nothing; what was taken out leaves a mark. */
export const printable = (text: string): string =>
  text.replaceAll("\r\n", "\n").replace(UNPRINTABLE, "\ufffd");

/** As one line, where a second one could pass for a line of ours. */
export const oneLine = (text: string): string => printable(text).replaceAll("\n", "\ufffd");

/** Further lines of a text, of which a host may have written some, stand apart from ours. */
export const indented = (text: string): string => text.replaceAll(/\r?\n/g, "\n      ");
