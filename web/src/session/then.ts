/** Where to go after signing in: a path of ours, never another site. */
export function readThen(search: Record<string, unknown>): { then?: string } {
  const { then } = search;
  const ours = typeof then === 'string' && /^\/(?![/\\])/.test(then) && !then.startsWith('/sign-in');
  return ours ? { then } : {};
}
