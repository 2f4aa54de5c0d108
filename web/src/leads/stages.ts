import { STAGES } from '../records/search.ts';

export interface Rung {
  /** Left out for leads without a stage. */
  stage?: string;
  leads: number;
}

/** Every stage in the order in which leads pass them, the empty ones too; what an organisation calls otherwise follows. */
export function ladderOf(counted: { stage?: string | null; leads: number }[]): { rungs: Rung[]; all: number } {
  const of = new Map(counted.map(({ stage, leads }) => [stage ?? undefined, leads]));
  const own = [...of.keys()].filter((stage) => stage !== undefined && !STAGES.includes(stage)) as string[];
  const rungs: Rung[] = [...STAGES, ...own].map((stage) => ({ stage, leads: of.get(stage) ?? 0 }));
  const without = of.get(undefined);
  if (without) rungs.unshift({ leads: without });
  return { rungs, all: rungs.reduce((sum, { leads }) => sum + leads, 0) };
}
