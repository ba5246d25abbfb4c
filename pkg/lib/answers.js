// Answers of the module, as callers get them.
// @ts-check

/** @typedef {{ line: number, columnUtf16: number }} Point */
/** @typedef {{ start: Point, end: Point, range?: object }} Span */

/** @param {Point} point */
const position = ({ line, columnUtf16 }) => ({ line: line - 1, character: columnUtf16 - 1 });

/** @param {Span | null} span */
function addRange(span) {
  if (span) span.range = { start: position(span.start), end: position(span.end) };
}

/**
 * Findings, with what editors count from zero beside what people count from one.
 *
 * @param {string} json
 */
export function findings(json) {
  const found = JSON.parse(json).findings;
  for (const finding of found) {
    addRange(finding.place);
    for (const related of finding.related) addRange(related.place);
    for (const edit of finding.fix?.edits ?? []) addRange(edit);
  }
  return found;
}

/**
 * A text, or the mistake that takes its place: one JSON object with `error`.
 *
 * @param {string} answer
 * @param {string} start How a mistake starts.
 */
export function textOrMistake(answer, start) {
  if (!answer.startsWith(start)) return answer;
  try {
    const value = JSON.parse(answer);
    return typeof value.error === 'string' ? value : answer;
  } catch {
    return answer;
  }
}
