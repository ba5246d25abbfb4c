// `netpol-wasm/commands` as this package uses it; that part of netpol-wasm is for nobody else and has no types of its own.

import type { host } from '../lib/host.js';

export function command(json: string, from: ReturnType<typeof host>): number;
export function givePages(pages: string): void;
