// What callers may pass, checked before it reaches the module: a mistake is a TypeError that names the argument.
// @ts-check

/** More UTF-16 units than this are no manifest, and a few of them would fill the module's memory. */
const LONGEST = 64 << 20;

/**
 * @param {string} message
 * @returns {never}
 */
function refuse(message) {
  throw new TypeError(message);
}

/**
 * @param {unknown} value
 */
function kind(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'undefined':
      return 'undefined';
    case 'bigint':
      return `the BigInt ${value}n`;
    case 'number':
      return `the number ${value}`;
    case 'object':
      return 'an object';
    default:
      return `a ${typeof value}`;
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {string}
 */
export function text(name, value) {
  if (typeof value !== 'string') return refuse(`${name}: expected a string, got ${kind(value)}`);
  if (value.length > LONGEST) return refuse(`${name}: longer than ${LONGEST >> 20} Mi characters`);
  return value;
}

/**
 * A text that names something: two that differ must not become one in UTF-8.
 *
 * @param {string} name
 * @param {unknown} value
 */
export function name(name, value) {
  const checked = text(name, value);
  if (/\p{Surrogate}/u.test(checked)) refuse(`${name}: half of a surrogate pair`);
  return checked;
}

/**
 * @template {string} T
 * @param {string} name
 * @param {unknown} value
 * @param {readonly T[]} known
 * @returns {T}
 */
export function oneOf(name, value, known) {
  const found = known.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  const got = typeof value === 'string' ? `\`${value.slice(0, 40)}\`` : kind(value);
  return refuse(`${name}: expected one of ${known.join(', ')}, got ${got}`);
}

/**
 * The fields of an object; those that are undefined are as good as absent, and others than the known are refused.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {readonly string[]} known
 * @returns {Record<string, unknown>}
 */
export function fields(name, value, known) {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse(`${name}: expected an object, got ${kind(value)}`);
  }
  /** @type {Record<string, unknown>} */
  const found = Object.create(null);
  for (const [key, field] of Object.entries(value)) {
    if (!known.includes(key)) refuse(`${name}.${key}: unknown; there are ${known.join(', ')}`);
    if (field !== undefined) found[key] = field;
  }
  return found;
}

/**
 * @param {string} name
 * @param {unknown} value
 */
export function flag(name, value) {
  return typeof value === 'boolean' ? value : refuse(`${name}: expected a boolean, got ${kind(value)}`);
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {number} most
 */
export function count(name, value, most) {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
  return refuse(`${name}: expected a whole number from 0 to ${most}, got ${kind(value)}`);
}

/**
 * A port as text: a number, a name, a range. What no port can be is left to the engine, which says so in its answer.
 *
 * @param {string} name
 * @param {unknown} value
 */
export function port(name, value) {
  if (typeof value === 'string') return text(name, value);
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  return refuse(`${name}: expected a whole number or a string, got ${kind(value)}`);
}

/**
 * One text or several.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {(name: string, value: unknown) => string} check
 */
export function several(name, value, check) {
  if (!Array.isArray(value)) return [check(name, value)];
  return Array.from(value, (item, index) => check(`${name}[${index}]`, item));
}

const lengthOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')?.get;

/**
 * A typed array of that class, whose memory is still there.
 *
 * @template {Uint8Array | Uint16Array | Uint32Array} T
 * @param {string} name
 * @param {unknown} value
 * @param {(abstract new (...parts: any[]) => T) & { name: string }} type
 * @returns {T}
 */
export function column(name, value, type) {
  if (!ArrayBuffer.isView(value) || /** @type {any} */ (value)[Symbol.toStringTag] !== type.name) {
    return refuse(`${name}: expected a ${type.name}, got ${kind(value)}`);
  }
  const array = /** @type {T} */ (/** @type {unknown} */ (value));
  try {
    new Uint8Array(array.buffer, 0, 0);
  } catch {
    return refuse(`${name}: the array is detached`);
  }
  // The length is believed when memory is set aside, so it must be the real one.
  if (lengthOf?.call(array) !== array.length) refuse(`${name}: the array has a length of its own`);
  return array;
}
