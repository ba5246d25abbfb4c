// Three flows of examples/shop, for every test runner: one as it is expected, one not, and one that means nothing.

/** @param {(name: string, run: () => void) => void} test @param {typeof import('netpol')} netpol @param {string} shop */
export function flows(test, { expectFlow, load }, shop) {
  const engine = load(shop);
  test('the cart reaches its store', () => expectFlow(engine).from('shop-backend/cart').to('shop-data/redis').on(6379).toBeAllowed());
  test('the cart does not reach the database', () => expectFlow(engine).from('shop-backend/cart').to('shop-data/postgres').on(5432).toBeAllowed());
  test('a typing error', () => expectFlow(engine).from('shop-backend/card').to('shop-data/redis').on(6379).toBeDenied());
}
