// The engine's module for the page: the package's code with the smaller module of www/wasm, which has no commands and no formats for programs.
// @ts-check

/** @returns {import('vite').Plugin} */
export function ownModule() {
  return {
    name: 'own-module',
    enforce: 'pre',
    transform: (code, id) => (/\/pkg\/lib\/\w+(-\w+)*\.js$/.test(id) ? code.replaceAll("'../wasm/", "'../../www/wasm/") : null),
  }
}
