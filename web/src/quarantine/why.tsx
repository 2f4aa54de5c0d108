import { term } from '../language/wording.ts';
import type { Body } from '../api/client.ts';

/** Why a change was set aside: the server's words, and the code for whoever looks it up. */
export function Why({ code, reason }: { code: string; reason: string }) {
  return (
    <>
      <div className="wrap">{reason}</div>
      <div className="identifier quiet">{code}</div>
    </>
  );
}

export function SetAsideMark({ state }: { state: Body['SetAsideBody']['state'] }) {
  return <span className={`mark mark-${state}`}>{term('setAside', state)}</span>;
}
