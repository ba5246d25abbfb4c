// A pattern of .gitignore as a regular expression over bytes. The native program's matcher says what a pattern means, down to `{a,b}`
// and to what a class that is never closed is, so that both programs read the same files.

const ANY_TEXT = '[^/]*';
const AT_START = '(?:/?|.*/)';
const BETWEEN = '(?:/|/.*/)';
const TO_END = '/.*';

/**
 * @param {string} glob
 * @returns {RegExp | undefined} over texts that hold a byte in each character; undefined if it is no pattern
 */
export function compile(glob) {
  const chars = [...glob];
  /** The branches of the group that is open, in those of the groups around it; each a list of expressions. @type {string[][][]} */
  const groups = [[[]]];
  let index = 0;
  let isClassLiteral = false;
  const branch = () => /** @type {string[]} */ (groups.at(-1)?.at(-1));
  while (index < chars.length) {
    const char = chars[index++];
    if (char === '?') branch().push('[^/]');
    else if (char === '*') star();
    else if (char === '[' && !isClassLiteral) {
      const found = characters(chars, index);
      if (found === 'invalid') return undefined;
      isClassLiteral = found === 'open';
      branch().push(found === 'open' ? literal('[') : found.text);
      if (found !== 'open') index = found.end;
    } else if (char === '{') groups.push([[]]);
    else if (char === '}') {
      if (groups.length === 1) return undefined;
      const texts = /** @type {string[][]} */ (groups.pop()).map(parts => parts.join('')).filter(text => text !== '');
      // A group of nothing is a part all the same, for the stars behind it.
      branch().push(texts.length > 0 ? `(?:${texts.join('|')})` : '');
    } else if (char === ',' && groups.length > 1) groups.at(-1)?.push([]);
    else if (char === '\\') {
      if (index === chars.length) return undefined;
      branch().push(literal(chars[index++]));
    } else branch().push(literal(char));
  }
  if (groups.length > 1) return undefined;
  try {
    const text = branch().join('');
    return new RegExp(`^(?:${text === AT_START ? '.*' : text})$`, 's');
  } catch {
    return undefined;
  }

  /** One star, or two, which cross folders where they stand alone between slashes. */
  function star() {
    const before = chars[index - 2];
    if (chars[index] !== '*') {
      branch().push(ANY_TEXT);
      return;
    }
    index++;
    const next = chars[index];
    const isNested = groups.length > 1 || (groups.at(-1)?.length ?? 0) > 1;
    if (branch().length === 0) {
      branch().push(...(next === undefined || next === '/' ? [AT_START] : [ANY_TEXT, ANY_TEXT]));
      if (next === '/') index++;
      return;
    }
    const isAlone = before === '/' || (isNested && (before === ',' || before === '{'));
    const isLast = next === undefined || (isNested && (next === ',' || next === '}'));
    if (!isAlone || !(isLast || next === '/')) {
      branch().push(ANY_TEXT, ANY_TEXT);
      return;
    }
    if (!isLast) index++;
    const last = branch().pop();
    branch().push(last === AT_START || last === TO_END ? last : isLast ? TO_END : BETWEEN);
  }
}

/**
 * The class whose `[` is before `start`.
 * @param {string[]} chars
 * @param {number} start
 * @returns {{ text: string, end: number } | 'open' | 'invalid'}
 */
function characters(chars, start) {
  const isNegated = chars[start] === '!' || chars[start] === '^';
  const first = isNegated ? start + 1 : start;
  const end = chars.indexOf(']', first + 1);
  const last = end === -1 ? chars.length : end;
  /** @type {[string, string][]} */
  const ranges = [];
  let isRange = false;
  for (let index = first; index < last; index++) {
    const char = chars[index];
    const range = ranges.at(-1);
    if (isRange && range) {
      if (/** @type {number} */ (char.codePointAt(0)) < /** @type {number} */ (range[0].codePointAt(0))) return 'invalid';
      range[1] = char;
      isRange = false;
    } else if (char === '-' && range) isRange = true;
    else ranges.push([char, char]);
  }
  if (end === -1) return 'open';
  if (isRange) ranges.push(['-', '-']);
  const texts = ranges.map(([from, to]) => (from === to ? literal(from) : `${literal(from)}-${literal(to)}`));
  return { text: `[${isNegated ? '^' : ''}${texts.join('')}]`, end: end + 1 };
}

/**
 * The bytes of a character, none of which means anything else.
 * @param {string} char
 */
function literal(char) {
  return [...Buffer.from(char)].map(byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
