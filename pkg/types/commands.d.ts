/** The commands of `netpol`, for programs on Node that give them files and streams. */

/** What a command sees of the world. Everything is synchronous; errors are thrown as Node has them, with `code`. */
export interface Host {
  /** The bytes of a file, at most `limit`; `-` is standard input. */
  read(path: string, limit: number): Uint8Array;
  write(path: string, text: string): void;
  append(path: string, text: string): void;
  /** The manifests that a path means. */
  find(path: string): { files: string[]; unreadable: { path: string; error: unknown }[]; ignored: number };
  /** The path without links, or as it is. */
  realPath(path: string): string;
  variable(name: string): string | undefined;
  screen(isError: boolean): { isTerminal: boolean; width?: number | undefined };
  output(bytes: Uint8Array): void;
  report(text: string): void;
}

/** Runs a command that the package `netpol` has read, and gives its exit status. */
export function command(json: string, host: Host): number;

/** Gives the pages of the rules, as JSON by slug, once. */
export function givePages(pages: string): void;
