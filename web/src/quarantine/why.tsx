import { term } from '../language/wording.ts';
import type { Body } from '../api/client.ts';

/** Why changes with a code were set aside; the code itself if a newer server has given it. */
export function reasonOf(code: string): string {
  // What is not judged yet has none.
  if (code === '') return term('setAside', 'received');
  const key = code.replace('.', '_');
  const known = term('setAsideWhy', key);
  return known === key ? code : known;
}

/** Why a change was set aside, and the code for whoever looks it up. A newer server says it in its own words. */
export function Why({ code, reason }: { code: string; reason: string }) {
  const known = reasonOf(code);
  return (
    <>
      <div className="wrap">{known === code ? reason : known}</div>
      <div className="identifier quiet">{code}</div>
    </>
  );
}

export function SetAsideMark({ state }: { state: Body['SetAsideBody']['state'] }) {
  return <span className={`mark mark-${state}`}>{term('setAside', state)}</span>;
}
